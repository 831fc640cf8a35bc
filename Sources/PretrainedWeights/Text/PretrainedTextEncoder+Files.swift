import Faults
import Foundation
import TextEncoding
import WeightFiles

extension PretrainedTextEncoder.Files {
  /// The files of a folder in the layout of Hugging Face: `model.safetensors`, or `pytorch_model.bin` where that is not
  /// there, `vocab.txt`, and the settings that are there.
  ///
  /// - Throws: `Fault(.inputMissing)` where the folder has no weights or no vocabulary.
  public init(folder: String) throws {
    let find = { (name: String) in
      let path = folder + "/" + name
      return FileManager.default.fileExists(atPath: path) ? path : nil
    }
    let demand = { (names: [String]) in
      guard let path = names.lazy.compactMap(find).first else {
        throw Fault(
          .inputMissing, "There is no \(names.joined(separator: " and no "))", at: folder,
          remedy: "Download the model's files into this folder")
      }
      return path
    }
    self.init(
      weights: try demand(["model.safetensors", "pytorch_model.bin"]), vocabulary: try demand(["vocab.txt"]),
      settings: find("config.json"), tokenizerSettings: find("tokenizer_config.json"))
  }
  /// The weights, whose sizes agree with `config.json` where that is there.
  ///
  /// - Throws: `Fault(.badData)` where the files are not a text encoder of this kind, or do not go together; what reading
  ///   throws.
  func openWeights() throws -> TextWeights {
    let stated = try settings.map { try TextModelSettings.read($0) }
    let opened = try TextWeights(try WeightFiles.open(weights), heads: stated?.heads)
    if let stated, let settings { try stated.check(opened.map.configuration, path: settings) }
    return opened
  }

  /// How the model's tokenizer treats text.
  func tokenizerOptions() throws -> WordPieceOptions {
    try tokenizerSettings.map { try TokenizerSettings.read($0).options } ?? WordPieceOptions()
  }
}
