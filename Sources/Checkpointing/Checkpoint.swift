import DurableFiles
import Faults

/// A checkpoint on the disk: a folder of files and the manifest that vouches for them.
public struct Checkpoint: Sendable, Equatable {
  public let folder: String
  public let manifest: CheckpointManifest

  /// Steps done when it was saved.
  public var step: Int { manifest.step }

  /// Reads the manifest alone.
  init(folder: String) throws {
    self.folder = folder
    manifest = try CheckpointManifest.read(folder: folder)
  }

  /// The path of one of its files; `Fault(.badData)` where the manifest has none of that name.
  public func path(_ name: String) throws -> String {
    guard manifest.files.contains(where: { $0.name == name }) else {
      throw Fault(.badData, "The checkpoint has no file \(name.debugDescription)", at: folder)
    }
    return "\(folder)/\(name)"
  }

  /// The bytes of one of its files, of at most `limit`.
  public func bytes(_ name: String, limit: Int = 1 << 30) throws -> [UInt8] {
    try FileReader.contents(of: try path(name), limit: limit)
  }

  /// One of its files as safetensors.
  public func tensors(_ name: String) throws -> SafetensorsFile { try SafetensorsFile(try path(name)) }

  /// Whether all files are there with their sizes: a quick look without reading them.
  var hasAllBytes: Bool {
    manifest.files.allSatisfy { file in
      (try? FileReader("\(folder)/\(file.name)").byteCount) == file.byteCount
    }
  }

  /// Reads every file and compares size and checksum with the manifest.
  ///
  /// - Throws: `Fault(.badData)` or `(.inputMissing)` that names the file at fault; a fault of reading otherwise.
  public func verify() throws {
    for file in manifest.files {
      let path = "\(folder)/\(file.name)"
      let reader = try FileReader(path)
      guard reader.byteCount == file.byteCount else {
        throw Fault(.badData, "The file has \(reader.byteCount) bytes, the manifest says \(file.byteCount)", at: path)
      }
      let hash = CheckpointManifest.hexadecimal(try Self.hash(reader))
      guard hash == file.xxh3 else {
        throw Fault(.badData, "Checksum differs: the file has \(hash), the manifest says \(file.xxh3)", at: path)
      }
    }
  }

  /// XXH3-64 of a whole file.
  static func hash(_ reader: FileReader) throws -> UInt64 {
    let hasher = XXH3.Hasher()
    var chunk = [UInt8](repeating: 0, count: min(reader.byteCount, 4 << 20))
    var offset = 0
    while offset < reader.byteCount {
      let count = min(chunk.count, reader.byteCount - offset)
      try chunk.withUnsafeMutableBytes { buffer in
        let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
        try reader.read(at: offset, into: part)
        hasher.update(UnsafeRawBufferPointer(part))
      }
      offset += count
    }
    return hasher.digest
  }
}
