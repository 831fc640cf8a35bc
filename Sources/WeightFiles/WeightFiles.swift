import DurableFiles
import Faults

/// The formats that weights come in.
public enum WeightFiles {
  /// Opens a file by what its first bytes say, not by its name.
  ///
  /// - Throws: `Fault(.badData)` where it is none of the formats, or not what its format promises.
  public static func open(_ path: String) throws -> any WeightFile {
    try SafetensorsWeights(path)
  }
}
