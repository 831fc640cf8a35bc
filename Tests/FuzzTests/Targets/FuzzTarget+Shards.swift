import DurableFiles
import Faults

@testable import ShardFormat

extension FuzzTarget {
  /// A whole shard: structure, every record, every picture. The first byte says whether hashes are made right (bit 0)
  /// which of the two encodings the set has (bit 1), and whether it has token features (bit 2).
  static let shard = FuzzTarget(name: "shard") {
    try [PixelEncoding.rgb, .yuv420].flatMap { encoding in
      try [false, true].map { leftOut in
        [encoding == .rgb ? 1 : 3] + (try TinySet.bytes(encoding, leftOut: leftOut).shard)
      }
    } + [[5] + (try TinySet.bytes(.rgb, leftOut: true, tokens: true).shard)]
  } parse: { input in
    guard let mode = input.first else { return }
    var bytes = Array(input.dropFirst())
    if mode & 1 == 1 { ShardSeal.seal(&bytes) }
    let configuration = TinySet.configuration(mode & 2 == 0 ? .rgb : .yuv420, tokens: mode & 4 != 0)
    let file = MemoryShard(path: "shard", bytes: bytes)
    let directory = try ShardDirectory(file, configuration: configuration)
    _ = try directory.leftOut(file)
    let problems = ShardVerification.problems(of: directory, in: file, configuration: configuration, firstNumber: 0)
    if let first = problems.first {
      try Finding.unless(first.code == .badData, "verification ends with \(first)")
      throw first
    }
  }

  /// The index of a set, its last 8 bytes made the hash of the rest where the first byte is odd; then every sample is
  /// looked up.
  static let setIndex = FuzzTarget(name: "set-index") {
    try [PixelEncoding.rgb, .yuv420].map { [1] + (try TinySet.bytes($0, leftOut: true).index) }
      + [[1] + (try TinySet.bytes(.rgb, leftOut: true, tokens: true).index)]
  } parse: { input in
    guard let mode = input.first else { return }
    var bytes = Array(input.dropFirst())
    if mode & 1 == 1, bytes.count >= 8 { bytes.put(XXH3.hash(bytes[..<(bytes.count - 8)]), at: bytes.count - 8) }
    let set = try ShardSet(storage: MemoryShards(index: bytes, shard: []))
    for number in 0..<set.count {
      let shard = set.shardNumber(of: number)
      try Finding.unless(set.samples(ofShard: shard).contains(number), "sample \(number) is not in shard \(shard)")
      _ = (set.location(of: number), set.storedByteCount(of: number), set.clipKey(at: number), set.imageKey(at: number))
      _ = set.extent(of: number..<number + 1)
    }
    guard set.count > 0 else { return }
    try Finding.unless((try? set.summary(at: 0)) == nil, "a sample is read from an empty shard")
  }

  /// Compressed pictures: byte 0 is the encoding, byte 1 how many pictures there shall be. Unpacking all and placing
  /// each must agree.
  static let pixels = FuzzTarget(name: "pixels") {
    try [PixelEncoding.rgb, .yuv420].flatMap { encoding in
      let configuration = TinySet.configuration(encoding)
      let compressor = try PixelCompressor(configuration)
      return try [0, 1, 3].map { count in
        let pictures = (0..<count * configuration.pictureByteCount).map { UInt8(truncatingIfNeeded: $0 * $0) }
        return [UInt8(encoding.rawValue), UInt8(count)] + (try compressor.compressed(pictures))
      }
    }
  } parse: { input in
    guard input.count >= 2 else { return }
    let configuration = TinySet.configuration(input[0] & 1 == 0 ? .rgb : .yuv420)
    let (count, size) = (Int(input[1] % 5), configuration.pictureByteCount)
    let decompressor = PixelDecompressor()
    var all = RawBuffer()
    var placed = [UInt8](repeating: 0, count: count * size)
    try input[2...].withUnsafeBytes { stored in
      try decompressor.decompress(stored, into: &all, count: count, configuration)
      try placed.withUnsafeMutableBytes { memory in
        try decompressor.decompress(
          stored, count: count, configuration,
          placing: (0..<count).map {
            ($0, UnsafeMutableRawBufferPointer(rebasing: memory[$0 * size..<($0 + 1) * size]))
          })
      }
    }
    try Finding.unless(placed.elementsEqual(all.bytes.prefix(count * size)), "placed pictures differ")
  }

  /// The details of a record, and a sample on its way from a worker (first byte odd). What is read must be written as
  /// the same bytes.
  static let details = FuzzTarget(name: "details") {
    let configuration = TinySet.configuration(.rgb)
    let encoder = try ShardEncoder(configuration: configuration)
    return try (0..<3).flatMap { number in
      let sample = TinySet.sample(number)
      return [[0] + (try sample.summary.encoded(configuration)), [1] + (try encoder.encode(sample)).serialized]
    }
  } parse: { input in
    guard let kind = input.first else { return }
    let (bytes, configuration) = (Array(input.dropFirst()), TinySet.configuration(.rgb))
    if kind & 1 == 1 {
      let sample = try EncodedSample(serialized: bytes, configuration: configuration)
      try Finding.unless(sample.serialized == bytes, "a sample is written as other bytes")
    } else {
      var reader = ByteReader(bytes, path: "details")
      let summary = try SampleSummary(&reader, configuration: configuration)
      let written = try summary.encoded(configuration)
      if written != bytes {
        // An embedding of zeros is read as none.
        var again = ByteReader(written, path: "details")
        try Finding.unless(
          try written.count < bytes.count && SampleSummary(&again, configuration: configuration) == summary,
          "details are written as other bytes")
      }
    }
  }
}
