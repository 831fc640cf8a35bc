import Checkpointing
import DurableFiles
import Faults
import Foundation

/// A file of a checkpoint whose manifest vouches for it, and which lies: what a faulty or a hostile program leaves.
struct HostileFile {
  /// What must become of it.
  enum Fate {
    /// It is not of its format: the checkpoint is passed over.
    case passedOver
    /// It is of its format and not of this run: the start is refused with 78.
    case refused
  }

  var name: String
  var file: String
  var bytes: Data
  var fate: Fate

  /// All, made of the files of a whole checkpoint.
  static func all(_ folder: String) throws -> [HostileFile] {
    let model = try Safetensors("\(folder)/model.safetensors")
    let state = String(decoding: try FileReader.contents(of: "\(folder)/state.json", limit: 1 << 20), as: UTF8.self)
    return try lengths(model) + headers(model) + otherModels(model) + states(state)
  }

  private static func lengths(_ model: Safetensors) -> [HostileFile] {
    let lengths: [UInt64] = [
      0, UInt64(model.header.utf8.count) + 1, 100_000_001, 1 << 31, 1 << 63 - 1, 1 << 63, UInt64.max,
    ]
    return lengths.map { length in
      HostileFile(
        name: "a header of \(length) bytes", file: "model.safetensors",
        bytes: model.bytes(Data(model.header.utf8), length: length), fate: .passedOver)
    }
  }

  private static func headers(_ model: Safetensors) throws -> [HostileFile] {
    let deep = String(repeating: "[", count: 200_000)
    let deepObjects = String(repeating: "{\"a\":", count: 100_000)
    var files = try [
      ("a range that starts late", "\"data_offsets\":[0,", "\"data_offsets\":[4,"),
      ("a range past the end", "\"data_offsets\":[0,", "\"data_offsets\":[9223372036854775000,"),
      ("a negative offset", "\"data_offsets\":[0,", "\"data_offsets\":[-8,"),
      ("a fraction as offset", "\"data_offsets\":[0,", "\"data_offsets\":[0.5,"),
      ("three offsets", "\"data_offsets\":[0,", "\"data_offsets\":[0,0,"),
      ("an unknown type", "\"F32\"", "\"F33\""),
      ("a wider type", "\"F32\"", "\"F64\""),
      ("a shape that overflows", "\"shape\":[", "\"shape\":[9223372036854775807,9223372036854775807,"),
      ("a shape of NaN", "\"shape\":[", "\"shape\":[NaN,"),
      ("a number with 400 digits", "\"shape\":[", "\"shape\":[" + String(repeating: "9", count: 400) + ","),
      ("lists 200,000 deep", "\"shape\":[", "\"shape\":" + deep),
      ("objects 100,000 deep", "{", deepObjects),
      ("metadata that are a number", "\"__metadata__\":{", "\"__metadata__\":7,\"a\":{"),
      ("an unknown key", "\"dtype\":", "\"type\":\"F32\",\"dtype\":"),
      ("half a surrogate pair", "\"dtype\":", "\"\\ud800\":1,\"dtype\":"),
    ].map { name, old, new in try model.changed(name, old, new) }
    let first = try model.firstEntry()
    files.append(try model.changed("a name that occurs twice", first, first + "," + first))
    let header = Data(model.header.utf8)
    files.append(model.file("a name that is not UTF-8", Data("{\"".utf8) + [0xFF, 0xFE] + header.dropFirst(2)))
    files.append(model.file("nothing but zeros", Data(count: header.count)))
    files.append(model.file("100 MB of blanks", Data(repeating: 0x20, count: 100_000_000)))
    return files
  }

  private static func otherModels(_ model: Safetensors) throws -> [HostileFile] {
    let first = try model.firstEntry()
    return try [
      ("a tensor of another name", first, "\"x" + first.dropFirst()),
      ("numbers of another type", "\"F32\"", "\"I32\""),
      ("a shape with one axis more", "\"shape\":[", "\"shape\":[1,"),
    ].map { name, old, new in
      var file = try model.changed(name, old, new)
      file.fate = .refused
      return file
    }
  }

  private static func states(_ state: String) -> [HostileFile] {
    func changed(_ key: String, _ value: String) -> String {
      state.replacingOccurrences(
        of: "\"\(key)\" : [0-9]+", with: "\"\(key)\" : \(value)", options: .regularExpression)
    }
    let texts: [(String, Data)] = [
      ("deep lists", Data(String(repeating: "[", count: 200_000).utf8)),
      ("not UTF-8", Data([0xFF, 0xFE, 0xFD])), ("nothing", Data()), ("a list", Data("[]".utf8)),
      ("a step before the first", Data(changed("step", "-1").utf8)),
      ("a step of another checkpoint", Data(changed("step", "17").utf8)),
      ("the last step that can be counted", Data(changed("step", "9223372036854775807").utf8)),
      ("a step that cannot be counted", Data(changed("step", "9223372036854775808").utf8)),
      ("a step that is not a number", Data(changed("step", "NaN").utf8)),
      ("no ranks", Data(changed("rankCount", "\"two\"").utf8)),
    ]
    return texts.map { HostileFile(name: "a state: \($0.0)", file: "state.json", bytes: $0.1, fate: .refused) }
  }
}

/// A safetensors file in its parts.
private struct Safetensors {
  var header: String
  var data: Data

  init(_ path: String) throws {
    let bytes = try Data(FileReader.contents(of: path, limit: 1 << 30))
    let length = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    header = String(decoding: bytes[8..<8 + length], as: UTF8.self)
    data = bytes[(8 + length)...]
  }

  func bytes(_ header: Data, length: UInt64? = nil) -> Data {
    withUnsafeBytes(of: (length ?? UInt64(header.count)).littleEndian) { Data($0) } + header + data
  }

  func file(_ name: String, _ header: Data) -> HostileFile {
    HostileFile(name: name, file: "model.safetensors", bytes: bytes(header), fate: .passedOver)
  }

  /// With the first `old` of the header replaced.
  func changed(_ name: String, _ old: String, _ new: String) throws -> HostileFile {
    guard let range = header.range(of: old) else { throw TrialFailure("the header has no \(old)") }
    return file(name, Data(header.replacingCharacters(in: range, with: new).utf8))
  }

  /// `"name":{…}` of the first tensor.
  func firstEntry() throws -> String {
    let pattern = "\"[^\"]+\":\\{\"dtype\"[^}]*\\}"
    guard let range = header.range(of: pattern, options: .regularExpression) else {
      throw TrialFailure("the header has no tensor: \(header.prefix(200))")
    }
    return String(header[range])
  }
}
