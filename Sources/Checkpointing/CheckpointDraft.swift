import DurableFiles
import Faults

/// A checkpoint while it is written, in a folder that nobody takes for one.
public final class CheckpointDraft {
  /// The folder to write into; it is renamed when the checkpoint is whole.
  public let folder: String
  public let step: Int
  private var written: [String: CheckpointManifest.File] = [:]

  init(folder: String, step: Int) {
    self.folder = folder
    self.step = step
  }

  /// Where other code may write a file of this name, before the draft's closure returns.
  public func path(_ name: String) -> String {
    precondition(
      CheckpointManifest.isPlain(name) && name != CheckpointManifest.fileName, "a file cannot be named \(name)")
    return "\(folder)/\(name)"
  }

  /// Adds a file with these bytes.
  public func write(_ bytes: [UInt8], to name: String) throws {
    try DurableFile.write(bytes, to: path(name))
    record(name, bytes.count, XXH3.hash(bytes))
  }

  /// Adds a safetensors file.
  ///
  /// - Parameter goesOn: called for every tensor that has been handed to the disk.
  public func write(
    _ tensors: [SafetensorsWriter.Tensor], metadata: [String: String] = [:], to name: String, goesOn: () -> Void = {}
  ) throws {
    let (byteCount, hash) = try SafetensorsWriter.write(
      path: path(name), metadata: metadata, tensors: tensors, goesOn: goesOn)
    record(name, byteCount, hash)
  }

  private func record(_ name: String, _ byteCount: Int, _ hash: UInt64) {
    written[name] = CheckpointManifest.File(
      name: name, byteCount: byteCount, xxh3: CheckpointManifest.hexadecimal(hash))
  }

  /// Makes every file durable and lists them. Files of this draft have been hashed on their way out, so that here
  /// only their sizes are compared; those of other code are read.
  func files() throws -> [CheckpointManifest.File] {
    let names = try DurableFile.names(in: folder)
    if let lost = written.keys.first(where: { !names.contains($0) }) {
      throw Fault(
        .inputOutput, "A file was written, and is not there", at: "\(folder)/\(lost)", remedy: "Check the disk")
    }
    return try names.map { name in
      let path = "\(folder)/\(name)"
      guard CheckpointManifest.isPlain(name) else {
        throw Fault(.internalError, "A checkpoint cannot hold this file", at: path)
      }
      let reader = try FileReader(path)
      if let file = written[name] {
        guard reader.byteCount == file.byteCount else {
          throw Fault(
            .inputOutput, "\(file.byteCount) bytes were written, the file has \(reader.byteCount)", at: path,
            remedy: "Check the disk")
        }
        return file
      }
      try DurableFile.syncFile(path)
      let hash = CheckpointManifest.hexadecimal(try Checkpoint.hash(reader))
      return CheckpointManifest.File(name: name, byteCount: reader.byteCount, xxh3: hash)
    }
  }
}
