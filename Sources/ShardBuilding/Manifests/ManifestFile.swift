import Faults
import Foundation

/// The samples of a manifest: JSON Lines as shards/manifest.md describes them.
public final class ManifestFile: SampleSequence {
  private let lines: LineReader
  private let parser: ManifestParser

  /// Throws `Fault(.inputMissing)` without the file.
  ///
  /// - Parameter allowOutside: whether paths may lead out of the manifest's folder.
  public init(path: String, allowOutside: Bool = false) throws {
    lines = try LineReader(path: path)
    parser = ManifestParser(path: path, allowOutside: allowOutside)
  }

  public var progress: Double { lines.progress }

  public func next() throws -> PendingSample? {
    while let line = try lines.next() {
      if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { continue }
      let (number, parser) = (lines.lineNumber, parser)
      return PendingSample { try parser.parse(line, number: number) }
    }
    return nil
  }
}
