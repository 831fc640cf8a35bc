import Checkpointing
import Faults
import SGMNModel
import TextEncoding

/// The vocabulary of a model that encodes texts itself, as a checkpoint keeps it: `vocabulary.txt`, byte for byte.
enum CheckpointVocabulary {
  static let fileName = "vocabulary.txt"

  static func bytes(of checkpoint: Checkpoint) throws -> [UInt8] {
    try checkpoint.bytes(fileName, limit: WordPieceVocabulary.byteLimit)
  }

  /// `HASH | HASH` where two checkpoints do not have the same.
  static func lines(_ one: Checkpoint, _ other: Checkpoint) -> [String] {
    let hashes = [one, other].map { checkpoint in
      checkpoint.manifest.files.first { $0.name == fileName }?.xxh3 ?? "none"
    }
    return hashes[0] == hashes[1] ? [] : ["\(hashes[0]) | \(hashes[1])"]
  }
}

extension TextTokenizer {
  /// Throws `Fault(.badData)` where the bytes are no vocabulary, `.configuration` where the encoder has too few rows for it.
  init(_ bytes: [UInt8], path: String, for c: TextEncoderConfiguration) throws {
    try self.init(vocabulary: bytes, path: path, limit: c.tokens)
    guard pieceCount <= c.vocabularySize else {
      throw Fault(
        .configuration,
        "The vocabulary has \(pieceCount) lines, model.text_encoder.vocabulary_size is \(c.vocabularySize)", at: path,
        remedy: "Set model.text_encoder.vocabulary_size=\(pieceCount), or make a vocabulary of fewer pieces")
    }
  }
}
