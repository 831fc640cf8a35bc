import DurableFiles
import Faults

/// The formats that weights come in.
public enum WeightFiles {
  /// Opens a file by what its first bytes say, not by its name.
  ///
  /// - Throws: `Fault(.badData)` where it is none of the formats, or not what its format promises.
  public static func open(_ path: String) throws -> any WeightFile {
    let reader = try FileReader(path)
    let beginning = try reader.read(at: 0, count: min(reader.byteCount, FileKind.byteCount))
    switch FileKind(beginning) {
    case .safetensors: return try SafetensorsWeights(path)
    case .zip: return try TorchWeights(path)
    case .refused(let reason, let remedy): throw Fault(.badData, reason, at: path, remedy: remedy)
    }
  }
}
