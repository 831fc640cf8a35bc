import DurableFiles
import Faults

/// A checkpoint on the disk: a folder of files and the manifest that vouches for them.
public struct Checkpoint: Sendable, Equatable {
  public let folder: String
  public let manifest: CheckpointManifest

  /// Steps done when it was saved.
  public var step: Int { manifest.step }

  /// Reads the manifest alone.
  public init(folder: String) throws {
    self.folder = folder
    manifest = try CheckpointManifest.read(folder: folder)
  }

  init(folder: String, manifest: CheckpointManifest) { (self.folder, self.manifest) = (folder, manifest) }

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
  var hasAllBytes: Bool { (try? withAllBytes()) != nil }

  /// Itself, where all files are there with their sizes; throws the fault of the first that is not.
  func withAllBytes() throws -> Checkpoint {
    for file in manifest.files { _ = try open(file) }
    return self
  }

  /// Reads every file and compares size and checksum with the manifest; of safetensors files also the header, which a
  /// faulty writer may have got wrong before it was hashed.
  ///
  /// - Parameter goesOn: called now and then.
  /// - Throws: `Fault(.badData)` or `(.inputMissing)` that names the file at fault; a fault of reading otherwise.
  public func verify(goesOn: () -> Void = {}) throws {
    for file in manifest.files {
      let reader = try open(file)
      let hash = CheckpointManifest.hexadecimal(try Self.hash(reader, goesOn))
      guard hash == file.xxh3 else {
        throw Fault(
          .badData, "Checksum differs: the file has \(hash), the manifest says \(file.xxh3)", at: reader.path)
      }
      if file.name.hasSuffix(".safetensors") { _ = try SafetensorsFile(reader.path) }
    }
  }

  /// One of its files; throws where it has not the size that the manifest says.
  private func open(_ file: CheckpointManifest.File) throws -> FileReader {
    let reader = try FileReader("\(folder)/\(file.name)")
    guard reader.byteCount == file.byteCount else {
      throw Fault(
        .badData, "The file has \(reader.byteCount) bytes, the manifest says \(file.byteCount)", at: reader.path)
    }
    return reader
  }

  /// Bytes of all its files.
  public var byteCount: Int { manifest.files.reduce(0) { $0 + $1.byteCount } }

  /// XXH3-64 of a whole file.
  static func hash(_ reader: FileReader, _ goesOn: () -> Void = {}) throws -> UInt64 {
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
      goesOn()
    }
    return hasher.digest
  }
}
