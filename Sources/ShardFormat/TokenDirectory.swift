import DurableFiles
import Faults

/// Where the token features of a shard's samples are; the lines stay bytes until one is asked for.
struct TokenDirectory: Sendable {
  /// The features of one text.
  struct Text: Equatable, Sendable {
    var offset: Int
    /// T
    var count: Int
    var hash: UInt64
    /// Of the text itself.
    var textHash: UInt64
  }

  /// In the place of a number: the sample has no such text.
  static let none = UInt32.max

  let shape: TokenShape
  let textCount: Int
  private let bytes: [UInt8]
  private let sampleOffset: Int

  /// Reads the directory of a shard and checks it: its hash, its counts, that the features tile their section, and that
  /// every text is some sample's. `Fault(.badData)` with the byte for the first thing that is wrong.
  init(_ file: any ShardBytes, _ sections: [ShardSection], sampleCount: Int, shape: TokenShape) throws {
    self.shape = shape
    let section = try ShardDirectory.section(ShardSection.tokenDirectory, "token directory", sections, file)
    let features = try ShardDirectory.section(ShardSection.tokenFeatures, "token features", sections, file)
    let limit =
      ShardLimits.tokenHeadByteCount
      + sampleCount * (2 * ShardLimits.tokenTextByteCount + ShardLimits.tokenSampleByteCount)
    guard section.byteCount <= limit else {
      throw Fault(
        .badData, "A token directory of \(section.byteCount) bytes for \(sampleCount) samples",
        at: "\(file.path): byte \(section.offset)")
    }
    bytes = try ShardDirectory.bytes(of: section, "token directory", file)
    var reader = ByteReader(bytes, path: file.path, offset: section.offset)
    textCount = try reader.count32("count of texts", limit: 2 * sampleCount)
    guard try reader.integer(UInt32.self, "reserved") == 0 else { throw reader.fault("A reserved field is not zero") }
    sampleOffset = ShardLimits.tokenHeadByteCount + textCount * ShardLimits.tokenTextByteCount
    let expected = sampleOffset + sampleCount * ShardLimits.tokenSampleByteCount
    guard bytes.count == expected else {
      throw reader.fault("The token directory has \(bytes.count) bytes, expected \(expected)")
    }
    try checkTexts(&reader, features)
    try checkSamples(&reader, sampleCount)
  }

  private func checkTexts(_ reader: inout ByteReader, _ section: ShardSection) throws {
    var end = section.offset
    let sectionEnd = section.offset + section.byteCount
    for _ in 0..<textCount {
      let line = reader
      let offset = try reader.integer(UInt64.self, "offset of token features")
      let count = try reader.count32("count of tokens", limit: shape.maximumCount)
      guard try reader.integer(UInt32.self, "reserved") == 0 else { throw line.fault("A reserved field is not zero") }
      _ = try reader.bytes(16, "hashes of token features and text")
      guard offset == UInt64(end) else {
        throw line.fault("Token features begin at byte \(offset), expected \(end): they overlap or leave a gap")
      }
      let byteCount = 2 * count * shape.width
      guard count >= 1, byteCount <= sectionEnd - end else {
        throw line.fault("Features of \(count) tokens do not fit between byte \(end) and \(sectionEnd)")
      }
      end += byteCount
    }
    guard end == sectionEnd else {
      throw reader.fault("The token features end at byte \(end), their section at \(sectionEnd)")
    }
  }

  private func checkSamples(_ reader: inout ByteReader, _ sampleCount: Int) throws {
    var next = 0
    for _ in 0..<2 * sampleCount {
      let line = reader
      let number = try reader.integer(UInt32.self, "number of a text")
      guard number != TokenDirectory.none else { continue }
      guard Int(number) <= next, Int(number) < textCount else {
        throw line.fault("A sample names text \(number), which is not there or comes after it")
      }
      if Int(number) == next { next += 1 }
    }
    guard next == textCount else { throw reader.fault("No sample names text \(next)") }
  }

  func text(_ number: Int) -> Text {
    precondition(number >= 0 && number < textCount, "text \(number) of \(textCount)")
    let line = ShardLimits.tokenHeadByteCount + number * ShardLimits.tokenTextByteCount
    return Text(offset: Int(word(line)), count: Int(half(line + 8)), hash: word(line + 16), textHash: word(line + 24))
  }

  /// The numbers of a sample's texts.
  func numbers(ofSample sample: Int) -> (title: Int?, asr: Int?) {
    let line = sampleOffset + sample * ShardLimits.tokenSampleByteCount
    let number = { (value: UInt32) in value == TokenDirectory.none ? nil : Int(value) }
    return (number(half(line)), number(half(line + 4)))
  }

  /// The features of a sample's texts.
  func texts(ofSample sample: Int) -> (title: Text?, asr: Text?) {
    let numbers = numbers(ofSample: sample)
    return (numbers.title.map(text), numbers.asr.map(text))
  }

  /// Bytes of the directory itself.
  var storedByteCount: Int { bytes.count }

  /// Bytes of all features.
  var featureByteCount: Int { (0..<textCount).reduce(0) { $0 + byteCount(of: text($1)) } }

  func byteCount(of text: Text) -> Int { 2 * text.count * shape.width }

  private func word(_ offset: Int) -> UInt64 {
    bytes.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) }
  }

  private func half(_ offset: Int) -> UInt32 {
    bytes.withUnsafeBytes { UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) }
  }
}
