import Checkpointing
import DurableFiles
import Faults
import PretrainedWeights
import TextEncoding

extension Trainer {
  /// The vocabulary that texts are read with, of rank 0: that of the checkpoint the run goes on from, else the file that
  /// the configuration names, or that of the encoder it begins with; nil where the model encodes no text.
  ///
  /// Throws `Fault(.configuration)` where there is none, or where both are there and differ, `.inputMissing` where a new
  /// run names a file that is not there.
  func chooseVocabulary(_ checkpoint: Checkpoint?) throws -> [UInt8]? {
    guard configuration.model.encodesText else { return nil }
    let path = configuration.data.vocabulary
    guard let checkpoint else { return try newVocabulary(path) }
    let kept = try CheckpointVocabulary.bytes(of: checkpoint)
    guard !path.isEmpty else { return kept }
    do {
      guard try named(path) == kept else {
        throw Fault(
          .configuration, "The vocabulary is not that of the checkpoint, whose weights know its lines by their numbers",
          at: path, remedy: "Leave data.vocabulary out: a run that goes on has its vocabulary from the checkpoint")
      }
    } catch let fault as Fault where fault.code == .inputMissing {
      logger.notice("\(path) is not there any more; the run goes on with the vocabulary of its checkpoint")
    }
    return kept
  }

  private func newVocabulary(_ path: String) throws -> [UInt8] {
    let encoder = configuration.initialization.text
    let own = encoder.isEmpty ? nil : try PretrainedTextEncoder.Files(folder: encoder).vocabulary
    guard let path = path.isEmpty ? own : path else {
      throw Fault(
        .configuration, "model.trains_text needs a vocabulary, and data.vocabulary names none",
        remedy: "Make one with sgmn-shard vocabulary, or take the vocab.txt of a BERT model")
    }
    let bytes = try named(path)
    guard try own == nil || own == path || named(own!) == bytes else {
      throw Fault(
        .configuration,
        "The vocabulary is not that of the encoder in initialization.text, whose weights know its lines by their numbers",
        at: path, remedy: "Leave data.vocabulary out: the encoder's own is \(own!)")
    }
    return bytes
  }

  private func named(_ path: String) throws -> [UInt8] {
    do {
      return try FileReader.contents(of: path, limit: WordPieceVocabulary.byteLimit)
    } catch var fault as Fault where fault.code == .inputMissing {
      fault.what = "No such vocabulary"
      fault.remedy = "Check data.vocabulary"
      throw fault
    }
  }

  /// Gives all ranks the vocabulary of rank 0, so that no other machine needs the file. Collective.
  func shareVocabulary(_ chosen: [UInt8]?) throws {
    guard configuration.model.encodesText else { return }
    let bytes = try communicator.broadcast(chosen, from: 0)
    tokenizer = try communicator.together {
      let named = configuration.data.vocabulary
      return try TextTokenizer(
        bytes, path: named.isEmpty ? CheckpointVocabulary.fileName : named, for: configuration.model.textEncoder)
    }
  }
}
