/// Where the vectors of an embedding file are: 16 bytes an entry.
struct EmbeddingTable: Sendable, Equatable {
  /// Numbers of each vector.
  var width: Int
  /// XXH3 of the whole file.
  var digest: UInt64
  /// XXH3 of each id with its prefix, ascending; no two are equal.
  var keys: [UInt64]
  /// The byte at which the vector of the key at the same place starts.
  var offsets: [UInt64]

  var count: Int { keys.count }

  /// All of it as numbers, to be sent to other ranks.
  var words: [UInt64] { [UInt64(width), digest, UInt64(count)] + keys + offsets }

  /// From `words`; nil where they are not of that form.
  init?(words: [UInt64]) {
    guard words.count >= 3, let width = Int(exactly: words[0]), let count = Int(exactly: words[2]),
      count <= words.count, words.count == 3 + 2 * count
    else { return nil }
    self.width = width
    digest = words[1]
    keys = Array(words[3..<3 + count])
    offsets = Array(words[(3 + count)...])
  }

  init(width: Int, digest: UInt64, keys: [UInt64], offsets: [UInt64]) {
    (self.width, self.digest, self.keys, self.offsets) = (width, digest, keys, offsets)
  }

  /// Where the vector of a key starts; nil where there is none.
  func offset(of key: UInt64) -> Int? {
    var (low, high) = (0, keys.count)
    while low < high {
      let middle = (low + high) / 2
      if keys[middle] < key { low = middle + 1 } else { high = middle }
    }
    return low < keys.count && keys[low] == key ? Int(offsets[low]) : nil
  }
}
