import DurableFiles
import Faults
import Foundation

/// What a checkpoint folder must hold, in its `manifest.json`.
public struct CheckpointManifest: Codable, Sendable, Equatable {
  /// One file of the folder.
  public struct File: Codable, Sendable, Equatable {
    public var name: String
    public var byteCount: Int
    /// XXH3-64 of its bytes, 16 hexadecimal digits.
    public var xxh3: String
  }

  /// The version of this format that is written.
  public static let currentFormat = 1
  static let fileName = "manifest.json"

  public var format: Int
  /// Counts the saves in a store: the greatest is the newest, whatever the clock or the steps say.
  public var sequence: Int
  /// Steps done when it was saved.
  public var step: Int
  /// The program and version that saved it.
  public var createdBy: String
  /// When, in UTC, as 2026-11-21T02:15:01Z.
  public var created: String
  public var files: [File]
  /// XXH3-64 of the manifest's own bytes with this field empty.
  public private(set) var checksum = ""

  init(sequence: Int, step: Int, createdBy: String, files: [File]) {
    format = Self.currentFormat
    self.sequence = sequence
    self.step = step
    self.createdBy = createdBy
    created = ISO8601DateFormatter().string(from: Date())
    self.files = files
  }

  /// With its own checksum, as it is read again.
  func sealed() throws -> CheckpointManifest {
    var sealed = self
    sealed.checksum = try checksumOfContent()
    return sealed
  }

  /// The bytes of `manifest.json`, sealed with their checksum.
  func encoded() throws -> [UInt8] { try Self.encode(sealed()) }

  /// Reads and checks the manifest of a checkpoint folder.
  ///
  /// - Throws: `Fault(.configuration)` for a later format, `Fault(.badData)` or `(.inputMissing)` where it is damaged.
  static func read(folder: String) throws -> CheckpointManifest {
    let path = "\(folder)/\(fileName)"
    let bytes = try FileReader.contents(of: path, limit: 16 << 20)
    // First of all: a flipped bit must not pass for a later format.
    guard isSealed(bytes) else { throw Fault(.badData, "The manifest's own checksum differs", at: path) }
    let data = Data(bytes)
    struct Version: Decodable {
      var format: Int
      var createdBy: String?
    }
    do {
      let version = try JSONDecoder().decode(Version.self, from: data)
      if version.format > currentFormat {
        throw Fault(
          .configuration,
          "The checkpoint has format \(version.format), made by \(version.createdBy ?? "a later version"); "
            + "this version reads up to \(currentFormat)", at: path,
          remedy: "Use the version that made it, or a later one")
      }
      let manifest = try JSONDecoder().decode(Self.self, from: data)
      try manifest.check(path)
      return manifest
    } catch let fault as Fault {
      throw fault
    } catch {
      throw Fault(.badData, "The manifest is not valid JSON of a checkpoint", at: path)
    }
  }

  /// Whether these are, to the byte, what was written: the checksum is that of the file without the checksum's digits.
  /// This holds for every format, so that a later one is told from a damaged one.
  private static func isSealed(_ bytes: [UInt8]) -> Bool {
    guard let key = bytes.firstRange(of: Array("\"checksum\" : \"".utf8)), bytes.count - key.upperBound > 16 else {
      return false
    }
    let end = key.upperBound + 16
    let hash = XXH3.hash(Array(bytes[..<key.upperBound] + bytes[end...]))
    return bytes[key.upperBound..<end].elementsEqual(hexadecimal(hash).utf8)
  }

  private func check(_ path: String) throws {
    guard format >= 1, sequence >= 0, step >= 0 else {
      throw Fault(.badData, "The manifest has negative counts", at: path)
    }
    guard !files.isEmpty else { throw Fault(.badData, "The manifest lists no files", at: path) }
    var names: Set<String> = [Self.fileName]
    var total = 0
    for file in files {
      let (sum, overflow) = total.addingReportingOverflow(file.byteCount)
      guard Self.isPlain(file.name), names.insert(file.name).inserted, file.byteCount >= 0, !overflow else {
        throw Fault(.badData, "The manifest lists an impossible file \(file.name.debugDescription)", at: path)
      }
      total = sum
    }
  }

  /// Whether a name is one of a file in the folder itself, and not hidden.
  static func isPlain(_ name: String) -> Bool {
    !name.isEmpty && name.utf8.first != UInt8(ascii: ".") && name.utf8.count <= 255
      && !name.utf8.contains { $0 == 0x2F || $0 < 0x20 }
  }

  static func hexadecimal(_ hash: UInt64) -> String {
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  private func checksumOfContent() throws -> String {
    var content = self
    content.checksum = ""
    return Self.hexadecimal(XXH3.hash(try Self.encode(content)))
  }

  private static func encode(_ manifest: Self) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(manifest)) + [0x0A]
  }
}
