import ArgumentParser
import CUDAWorker
import Collectives
import Faults
import Foundation
import PretrainedWeights
import RankWorkers
import Telemetry
import TensorCore
import TextEncoding

/// The text encoder that a command line names.
enum TextEncoderChoice {
  /// The built-in one, or that of a folder, on this rank's share of the machine. Collective.
  ///
  /// - Throws: `Fault(.usage)` for what is neither; what reading it throws.
  static func open(
    _ name: String, tokenLimit: Int, device: DeviceChoice, threads: Int, communicator: any Communicator, logger: Logger
  ) throws -> any TextFeatureEncoder {
    guard name != "hashed-ngrams" else { return HashedNgramFeatures() }
    let backend = try RankWorker.make(
      device, threads: threads, pinning: .auto, communicator: communicator, logger: logger)
    let encoder = try communicator.together {
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: name, isDirectory: &isFolder), isFolder.boolValue else {
        throw Fault(
          .usage, "There is no text encoder '\(name)'",
          remedy: "Give --encoder hashed-ngrams, or a folder with model.safetensors and vocab.txt")
      }
      return try PretrainedTextEncoder(
        PretrainedTextEncoder.Files(folder: name), tokenLimit: tokenLimit, backend: backend)
    }
    logger.info(encoder.summary)
    return encoder
  }
}

extension DeviceChoice: ExpressibleByArgument {}
