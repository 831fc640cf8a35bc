import DurableFiles
import Faults

/// Token features as they stand in a shard: binary16, one token behind the other.
struct EncodedTokens: Equatable, Sendable {
  let bytes: [UInt8]
  /// T
  let count: Int
  let hash: UInt64
  /// Of the text itself.
  let textHash: UInt64

  /// Throws `Fault(.badData)` without a place where the features are not of this shape or not finite.
  init(_ features: TokenFeatures, of text: String, _ field: String, _ shape: TokenShape) throws {
    guard (1...shape.maximumCount).contains(features.count) else {
      throw Fault(.badData, "The \(field) has \(features.count) tokens, outside 1 … \(shape.maximumCount)")
    }
    guard features.values.count == features.count * shape.width else {
      throw Fault(
        .badData, "The \(field) has \(features.values.count) numbers, not \(features.count) × \(shape.width)")
    }
    guard features.values.allSatisfy(\.isFinite) else {
      throw Fault(.badData, "The features of the \(field)'s tokens are not finite in 16 bits")
    }
    var writer = ByteWriter(capacity: 2 * features.values.count)
    for value in features.values { writer.integer(value.bitPattern) }
    (bytes, count, hash) = (writer.bytes, features.count, XXH3.hash(writer.bytes))
    textHash = XXH3.hash(text)
  }

  /// The numbers of a text's bytes; `Fault(.badData)` without a place where they are damaged or not finite.
  static func features(
    checking bytes: UnsafeRawBufferPointer, _ text: TokenDirectory.Text
  ) throws -> TokenFeatures {
    guard XXH3.hash(bytes) == text.hash else {
      throw Fault(.badData, "The token features are damaged: their hash does not match")
    }
    let exponent: UInt16 = 0x7C00
    var isFinite = true
    let values = [Float16](unsafeUninitializedCapacity: bytes.count / 2) { values, initialized in
      for number in 0..<bytes.count / 2 {
        let bits = UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 2 * number, as: UInt16.self))
        isFinite = isFinite && bits & exponent != exponent
        values[number] = Float16(bitPattern: bits)
      }
      initialized = bytes.count / 2
    }
    guard isFinite else { throw Fault(.badData, "The token features are not finite") }
    return TokenFeatures(count: text.count, values: values)
  }
}

/// Both texts of a sample.
struct EncodedSampleTokens: Equatable, Sendable {
  var title: EncodedTokens?
  var asr: EncodedTokens?

  init() {}

  /// Throws `Fault(.badData)` naming the sample where features are there without an embedding of that text, or the
  /// other way round, or are not what the configuration allows.
  init(_ tokens: SampleTokens, _ summary: SampleSummary, _ configuration: ShardConfiguration) throws {
    do {
      title = try EncodedSampleTokens.encoded(
        tokens.title, of: summary.title, summary.titleEmbedding, "title", configuration)
      asr = try EncodedSampleTokens.encoded(
        tokens.asr, of: summary.asr, summary.asrEmbedding, "spoken text", configuration)
    } catch var fault as Fault {
      fault.place = summary.place
      throw fault
    }
  }

  private static func encoded(
    _ features: TokenFeatures?, of text: String, _ embedding: [Float], _ field: String,
    _ configuration: ShardConfiguration
  ) throws -> EncodedTokens? {
    guard let shape = configuration.tokens else {
      guard features == nil else { throw Fault(.badData, "Token features of the \(field) in a set that has none") }
      return nil
    }
    let isNone = embedding.allSatisfy { Float16($0) == 0 }
    guard features == nil ? isNone : !embedding.isEmpty else {
      throw Fault(.badData, "The \(field) has only one of embedding and token features")
    }
    // Zeros alone are stored as no embedding: then there is nothing of the tokens either.
    return try isNone ? nil : features.map { try EncodedTokens($0, of: text, field, shape) }
  }
}
