import DurableFiles
import Faults
import MediaDecoding

/// A sample on its way to a worker, field after field: JSON takes longer than the smallest clips do.
struct DecodeRequest {
  var source: SampleSource

  init(_ source: SampleSource) { self.source = source }

  var bytes: [UInt8] {
    var writer = ByteWriter(capacity: 1024 + 4 * (source.titleEmbedding.count + source.asrEmbedding.count))
    for text in [
      source.clipID, source.imageID, source.liveID, source.productID, source.categoryID, source.title, source.asr,
    ] { writer.string(text) }
    writer.count32(source.tags.count)
    for (name, value) in source.tags {
      writer.string(name)
      writer.string(value)
    }
    writer.count32(source.rightImageIDs.count)
    for id in source.rightImageIDs { writer.string(id) }
    write([source.image], to: &writer)
    switch source.frames {
    case .none: writer.integer(UInt8(0))
    case .video(let location):
      writer.integer(UInt8(1))
      write([location], to: &writer)
    case .pictures(let locations):
      writer.integer(UInt8(2))
      write(locations, to: &writer)
    }
    for vector in [source.titleEmbedding, source.asrEmbedding] {
      writer.count32(vector.count)
      for number in vector { writer.integer(number.bitPattern) }
    }
    return writer.bytes
  }

  private func write(_ locations: [MediaLocation], to writer: inout ByteWriter) {
    writer.count32(locations.count)
    for location in locations {
      writer.string(location.path)
      for number in [location.offset, location.byteCount] {
        writer.integer(UInt8(number == nil ? 0 : 1))
        writer.integer(Int64(number ?? 0))
      }
    }
  }

  /// Throws `Fault(.badData)` for anything but what `bytes` gives.
  init(_ bytes: [UInt8]) throws {
    var reader = ByteReader(bytes, path: "a request")
    let limit = bytes.count
    func text() throws -> String { try reader.string("text", limit: limit) }
    func count() throws -> Int { try reader.count32("count", limit: reader.remaining) }
    func number() throws -> Int? {
      let isThere = try reader.integer(UInt8.self, "presence") == 1
      let value = try reader.integer(Int64.self, "place")
      return isThere ? Int(value) : nil
    }
    func locations() throws -> [MediaLocation] {
      try (0..<count()).map { _ in MediaLocation(try text(), offset: try number(), byteCount: try number()) }
    }
    func vector() throws -> [Float] {
      try (0..<count()).map { _ in Float(bitPattern: try reader.integer(UInt32.self, "vector")) }
    }
    func wrong() -> Fault { reader.fault("Not a sample's media") }

    source = SampleSource()
    source.clipID = try text()
    source.imageID = try text()
    source.liveID = try text()
    source.productID = try text()
    source.categoryID = try text()
    source.title = try text()
    source.asr = try text()
    for _ in 0..<(try count()) {
      let name = try text()
      source.tags[name] = try text()
    }
    source.rightImageIDs = try (0..<count()).map { _ in try text() }
    guard let image = try locations().first else { throw wrong() }
    source.image = image
    switch try reader.integer(UInt8.self, "kind of frames") {
    case 0: source.frames = .none
    case 1:
      guard let video = try locations().first else { throw wrong() }
      source.frames = .video(video)
    case 2: source.frames = .pictures(try locations())
    default: throw wrong()
    }
    source.titleEmbedding = try vector()
    source.asrEmbedding = try vector()
    try reader.expectEnd()
  }
}
