import DurableFiles

/// The token features of a shard in the making: they stand behind all records, so until then they are in a file that
/// nobody else sees, and take no memory.
final class TokenTableWriter {
  private let spool: SpoolFile
  private var texts: [(count: Int, hash: UInt64, textHash: UInt64, byteCount: Int)] = []
  private var samples = ByteWriter()
  private var known: [Key: UInt32] = [:]

  private struct Key: Hashable {
    var hash: UInt64
    var byteCount: Int
    var textHash: UInt64
  }

  /// - Parameter path: of the shard; the spool is beside it.
  init(beside path: String) throws { spool = try SpoolFile(beside: path) }

  /// Takes the texts of the next sample.
  func append(_ tokens: EncodedSampleTokens) throws {
    samples.integer(try number(of: tokens.title))
    samples.integer(try number(of: tokens.asr))
  }

  /// The bytes of the directory, when its features will begin at `featureOffset`.
  func directory(featureOffset: Int) -> [UInt8] {
    var writer = ByteWriter(capacity: directoryByteCount)
    writer.count32(texts.count)
    writer.integer(UInt32(0))
    var offset = featureOffset
    for text in texts {
      writer.count(offset)
      writer.count32(text.count)
      writer.integer(UInt32(0))
      writer.integer(text.hash)
      writer.integer(text.textHash)
      offset += text.byteCount
    }
    writer.append(samples.bytes)
    return writer.bytes
  }

  var directoryByteCount: Int {
    ShardLimits.tokenHeadByteCount + texts.count * ShardLimits.tokenTextByteCount + samples.count
  }

  /// Hands out all features in order, piece by piece.
  func forEachPiece(_ body: (UnsafeRawBufferPointer) throws -> Void) throws { try spool.forEachPiece(body) }

  private func number(of tokens: EncodedTokens?) throws -> UInt32 {
    guard let tokens else { return TokenDirectory.none }
    let key = Key(hash: tokens.hash, byteCount: tokens.bytes.count, textHash: tokens.textHash)
    if let number = known[key] { return number }
    let number = UInt32(texts.count)
    known[key] = number
    texts.append((tokens.count, tokens.hash, tokens.textHash, tokens.bytes.count))
    try spool.append(tokens.bytes)
    return number
  }
}
