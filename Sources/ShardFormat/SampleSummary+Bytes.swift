import DurableFiles
import Faults

/// The details of a record, field by field as in shards/FORMAT.md.
extension SampleSummary {
  /// The bytes of the details; `Fault(.badData)` naming the clip and the field that exceeds a limit.
  func encoded(_ configuration: ShardConfiguration) throws -> [UInt8] {
    var writer = ByteWriter(capacity: 1024)
    func put(_ text: String, _ field: String, _ limit: Int) throws {
      try require(text.utf8.count <= limit, "The \(field) has \(text.utf8.count) bytes, more than \(limit)")
      writer.string(text)
    }
    let identifierLimit = ShardLimits.maximumIdentifierByteCount
    for (text, field) in [
      (clipID, "clip id"), (imageID, "image id"), (liveID, "live id"), (productID, "product id"),
      (categoryID, "category id"),
    ] { try put(text, field, identifierLimit) }
    try put(title, "title", ShardLimits.maximumTitleByteCount)
    try put(asr, "spoken text", ShardLimits.maximumSpokenTextByteCount)

    try require(
      tags.count <= ShardLimits.maximumTagCount, "\(tags.count) tags, more than \(ShardLimits.maximumTagCount)")
    writer.count32(tags.count)
    for (key, value) in tags.sorted(by: { SampleSummary.precedes($0.key, $1.key) }) {
      try put(key, "tag key", ShardLimits.maximumTagKeyByteCount)
      try put(value, "tag '\(key)'", ShardLimits.maximumTagValueByteCount)
    }

    try require(
      rightImageIDs.count <= ShardLimits.maximumRightImageCount,
      "\(rightImageIDs.count) right images, more than \(ShardLimits.maximumRightImageCount)")
    writer.count32(rightImageIDs.count)
    for id in rightImageIDs { try put(id, "right image id", identifierLimit) }

    try require(
      frameIndices.count <= configuration.maximumFrameCount,
      "\(frameIndices.count) frames, more than the \(configuration.maximumFrameCount) of the configuration")
    try require(SampleSummary.isOrdered(frameIndices), "The frame indices are negative or descend")
    writer.count32(frameIndices.count)
    for index in frameIndices { writer.integer(index) }

    for (embedding, field) in [(titleEmbedding, "title embedding"), (asrEmbedding, "ASR embedding")] {
      try require(
        embedding.isEmpty || embedding.count == configuration.textWidth,
        "The \(field) has \(embedding.count) numbers, not the \(configuration.textWidth) of the configuration")
      let halves = embedding.map { Float16($0) }
      for (value, half) in zip(embedding, halves) {
        try require(half.isFinite, "The \(field) has \(value), which is not finite in 16 bits")
      }
      let isNone = halves.allSatisfy { $0 == 0 }  // a text of nothing: no direction, so no embedding
      writer.count32(isNone ? 0 : halves.count)
      if !isNone { for half in halves { writer.integer(half.bitPattern) } }
    }
    try require(
      writer.count <= ShardLimits.maximumDetailsByteCount,
      "The details have \(writer.count) bytes, more than \(ShardLimits.maximumDetailsByteCount)")
    return writer.bytes
  }

  /// Reads details; `Fault(.badData)` with the byte and the field for anything that `encoded` would not write.
  init(_ reader: inout ByteReader, configuration: ShardConfiguration) throws {
    let identifierLimit = ShardLimits.maximumIdentifierByteCount
    clipID = try reader.string("clip id", limit: identifierLimit)
    imageID = try reader.string("image id", limit: identifierLimit)
    liveID = try reader.string("live id", limit: identifierLimit)
    productID = try reader.string("product id", limit: identifierLimit)
    categoryID = try reader.string("category id", limit: identifierLimit)
    title = try reader.string("title", limit: ShardLimits.maximumTitleByteCount)
    asr = try reader.string("spoken text", limit: ShardLimits.maximumSpokenTextByteCount)

    tags = [:]
    var last: String?
    for _ in 0..<(try reader.count32("tag count", limit: ShardLimits.maximumTagCount)) {
      let key = try reader.string("tag key", limit: ShardLimits.maximumTagKeyByteCount)
      if let last, !SampleSummary.precedes(last, key) { throw reader.fault("The tag keys are not in ascending order") }
      last = key
      tags[key] = try reader.string("tag '\(key)'", limit: ShardLimits.maximumTagValueByteCount)
    }
    rightImageIDs = []
    for _ in 0..<(try reader.count32("right image count", limit: ShardLimits.maximumRightImageCount)) {
      rightImageIDs.append(try reader.string("right image id", limit: identifierLimit))
    }
    frameIndices = []
    for _ in 0..<(try reader.count32("frame count", limit: configuration.maximumFrameCount)) {
      frameIndices.append(try reader.integer(Int32.self, "frame index"))
    }
    guard SampleSummary.isOrdered(frameIndices) else { throw reader.fault("The frame indices are negative or descend") }
    titleEmbedding = try SampleSummary.embedding(&reader, "title embedding", configuration.textWidth)
    asrEmbedding = try SampleSummary.embedding(&reader, "ASR embedding", configuration.textWidth)
    try reader.expectEnd()
  }

  private static func embedding(_ reader: inout ByteReader, _ field: String, _ width: Int) throws -> [Float] {
    let count = try reader.count32("width of the \(field)", limit: width)
    guard count == 0 || count == width else { throw reader.fault("The \(field) has \(count) numbers, not \(width)") }
    let bytes = try reader.bytes(2 * count, field)
    let values = bytes.withUnsafeBytes { raw in
      (0..<count).map {
        Float(
          Float16(bitPattern: UInt16(littleEndian: raw.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self))))
      }
    }
    guard values.allSatisfy(\.isFinite) else { throw reader.fault("The \(field) is not finite") }
    // Earlier writers stored zeros for a text of nothing.
    return values.allSatisfy { $0 == 0 } ? [] : values
  }

  /// Byte order: Swift's own order of strings follows Unicode normal forms, which other writers need not know.
  private static func precedes(_ a: String, _ b: String) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }

  private static func isOrdered(_ indices: [Int32]) -> Bool {
    (indices.first ?? 0) >= 0 && zip(indices, indices.dropFirst()).allSatisfy { $0 <= $1 }
  }

  private func require(_ condition: Bool, _ what: @autoclosure () -> String) throws {
    if !condition { throw Fault(.badData, what(), at: "clip '\(clipID.prefix(100))', image '\(imageID.prefix(100))'") }
  }
}
