import DurableFiles

/// A catalog of entries that are all known beforehand, and whose files are found when they are asked for.
final class SampleList: SampleCatalog {
  /// A sample without its files, and where the source says it.
  struct Entry: Sendable {
    var sample: SampleSource
    var place: String
  }

  private let entries: [Entry]
  private let findFiles: @Sendable (inout SampleSource) throws -> Void

  /// - Parameter findFiles: fills in `frames` and `image`; throws as `SampleCatalog.sample(at:)`.
  init(_ entries: [Entry], findFiles: @escaping @Sendable (inout SampleSource) throws -> Void) {
    self.entries = entries
    self.findFiles = findFiles
  }

  var count: Int { entries.count }

  func sample(at index: Int) throws -> SampleSource {
    var sample = entries[index].sample
    try findFiles(&sample)
    return sample
  }

  func key(at index: Int) -> UInt64 { entries[index].sample.key }

  func place(of index: Int) -> String { entries[index].place }

  /// Over every text and id with its length, so that no two different entries run into one.
  func hash(of range: Range<Int>) -> UInt64 {
    let hasher = XXH3.Hasher()
    func update(_ texts: [String]) {
      withUnsafeBytes(of: UInt64(texts.count).littleEndian) { hasher.update($0) }
      for text in texts {
        withUnsafeBytes(of: UInt64(text.utf8.count).littleEndian) { hasher.update($0) }
        hasher.update(Array(text.utf8))
      }
    }
    for entry in entries[range] {
      let sample = entry.sample
      update([sample.clipID, sample.imageID, sample.liveID, sample.productID, sample.categoryID])
      update([sample.title, sample.asr])
      update(sample.tags.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] })
      update(sample.rightImageIDs)
      update([sample.image.path])
      switch sample.frames {
      case .none: update([])
      case .video(let location): update([location.path])
      case .pictures(let locations): update(locations.map(\.path))
      }
    }
    return hasher.digest
  }
}
