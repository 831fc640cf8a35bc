import Faults
import Foundation
import Randomness
import Testing

@testable import Checkpointing

@Suite struct SafetensorsFileTests {
  private static func fixture(_ name: String) throws -> String {
    try #require(Bundle.module.url(forResource: name, withExtension: "safetensors", subdirectory: "Fixtures")).path
  }

  @Test func aFileOfThePythonLibraryIsRead() throws {
    let file = try SafetensorsFile(Self.fixture("python"))
    #expect(file.metadata == ["format": "pt", "note": "line\nbreak \\ é"])
    #expect(file.tensors.count == 12)
    #expect(file.tensors["f32"]?.shape == [2, 3])
    #expect(try file.floats("f32") == [1.5, -2.25, 3, 0.1, 1e-30, .infinity])
    #expect(try file.doubles("f64") == [1.0 / 3, -1e300])
    #expect(try file.floats("f64") == [Float(1.0 / 3), -.infinity])
    #expect(try file.floats("f16") == [1.5, -0.0009765625, 65504, 5.9604645e-08])
    #expect(try file.floats("bf16") == [1, -3.140625, Float(bitPattern: 0x7E96_0000)])
    #expect(try file.doubles("bf16").prefix(2) == [1, -3.140625])
    #expect(try file.int64s("i64") == [.min, .max, 7])
    #expect(try file.int64s("i32") == [-5, 6])
    #expect(try file.int64s("i8") == [-128, 127])
    #expect(try file.bytes("u8") == [0, 255, 17])
    #expect(try file.bytes("bool") == [1, 0, 1])
    #expect(file.tensors["scalar"]?.shape == [])
    #expect(try file.floats("scalar") == [42])
    #expect(file.tensors["empty"]?.shape == [0, 3])
    #expect(try file.floats("empty") == [])
    #expect(try file.floats("näme \"q\" 😀") == [9])
  }

  @Test func wrongQuestionsAreAnsweredWithTheTensorsName() throws {
    let file = try SafetensorsFile(Self.fixture("python"))
    func message(_ body: () throws -> Void) -> String {
      do { try body() } catch { return "\(error)" }
      return ""
    }
    #expect(message { _ = try file.floats("nothing") }.contains("no tensor \"nothing\" among the 12"))
    #expect(message { _ = try file.floats("i64") }.contains("The tensor is I64, expected a floating-point type"))
    #expect(message { _ = try file.int64s("f32") }.contains("tensor \"f32\""))
    var three = [UInt8](repeating: 0, count: 3)
    #expect(message { try three.withUnsafeMutableBytes { try file.read("f32", into: $0) } }.contains("expected 3"))
  }

  // MARK: hostile files

  private static func bytes(header: String, data: Int = 0, length: UInt64? = nil) -> [UInt8] {
    withUnsafeBytes(of: (length ?? UInt64(header.utf8.count)).littleEndian) { Array($0) } + Array(header.utf8)
      + [UInt8](repeating: 0, count: data)
  }

  private static func tensor(_ name: String, _ shape: String, _ offsets: String, type: String = "U8") -> String {
    "\"\(name)\":{\"dtype\":\"\(type)\",\"shape\":[\(shape)],\"data_offsets\":[\(offsets)]}"
  }

  /// Bytes, and a part of the message they must be refused with.
  private static let hostile: [(bytes: [UInt8], message: String)] = [
    ([], "at least 8 bytes, this one has 0"),
    ([1, 0, 0], "at least 8 bytes"),
    (bytes(header: "", length: 4 << 30), "header length is 4294967296, more than the limit"),
    (bytes(header: "", length: .max), "header length is 18446744073709551615, more than the limit"),
    (bytes(header: "{}", length: 1_000), "should have 1000 bytes, the file has 2"),
    (bytes(header: ""), "does not start with {"),
    (bytes(header: " {}"), "does not start with {"),
    (bytes(header: "[]"), "does not start with {"),
    (bytes(header: "{"), "ends where \" was expected"),
    (bytes(header: "{} x"), "goes on after its end"),
    (bytes(header: "{\"a\":1}"), "Expected {"),
    (bytes(header: "{\"a\":" + String(repeating: "[", count: 100_000)), "Expected {"),
    (bytes(header: String(repeating: "{\"a\":", count: 100_000)), "Unknown key \"a\" in a tensor"),
    (bytes(header: "{\"a\":{}}"), "without dtype"),
    (
      bytes(header: "{\(tensor("a", Array(repeating: "1", count: 65).joined(separator: ","), "0,1"))}"),
      "More than 64 numbers"
    ),
    (bytes(header: "{\"a\":{\"dtype\":\"U8\",\"shape\":[]}}"), "without data_offsets"),
    (bytes(header: "{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\"}}"), "dtype occurs twice"),
    (bytes(header: "{\(tensor("a", "1", "0,1", type: "U9"))}", data: 1), "Unknown dtype \"U9\""),
    (bytes(header: "{\(tensor("a", "1", "0,1")),\(tensor("a", "1", "1,2"))}", data: 2), "\"a\" occurs twice"),
    (bytes(header: "{\"__metadata__\":{},\"__metadata__\":{}}"), "__metadata__ occurs twice"),
    (bytes(header: "{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}"), "metadata key \"k\" occurs twice"),
    (bytes(header: "{\"__metadata__\":{\"k\":{\"k\":1}}}"), "Expected \""),
    (bytes(header: "{\(tensor("a", "4", "0,4")),\(tensor("b", "4", "2,6"))}", data: 6), "overlaps the tensor before"),
    (bytes(header: "{\(tensor("a", "4", "0,4")),\(tensor("b", "4", "0,4"))}", data: 4), "overlaps the tensor before"),
    (bytes(header: "{\(tensor("a", "4", "0,4")),\(tensor("b", "4", "5,9"))}", data: 9), "leaves a gap before it"),
    (bytes(header: "{\(tensor("a", "1", "1,2"))}", data: 2), "leaves a gap before it"),
    (bytes(header: "{\(tensor("a", "4", "4,0"))}", data: 4), "not two numbers in order"),
    (bytes(header: "{\(tensor("a", "4", "0"))}", data: 4), "not two numbers in order"),
    (bytes(header: "{\(tensor("a", "4", "0,4"))}", data: 3), "the file has 3 bytes of data"),
    (bytes(header: "{\(tensor("a", "4", "0,4"))}", data: 5), "the file has 5 bytes of data"),
    (bytes(header: "{}", data: 1), "the file has 1 bytes of data"),
    (bytes(header: "{\(tensor("a", "2", "0,4", type: "F32"))}", data: 4), "needs 8 bytes, its range has 4"),
    (bytes(header: "{\(tensor("a", "4294967296,4294967296", "0,4", type: "U8"))}", data: 4), "overflows"),
    (bytes(header: "{\(tensor("a", "9223372036854775807", "0,4", type: "F64"))}", data: 4), "overflows"),
    (bytes(header: "{\(tensor("a", "9223372036854775808", "0,4"))}", data: 4), "number in shape is too large"),
    (bytes(header: "{\(tensor("a", "4", "0,18446744073709551616"))}", data: 4), "in data_offsets is too large"),
    (bytes(header: "{\(tensor("a", "4", "0,9223372036854775807"))}", data: 4), "needs 4 bytes, its range has"),
    (bytes(header: "{\(tensor("a", "-1", "0,4"))}", data: 4), "whole number of at least 0 in shape"),
    (bytes(header: "{\(tensor("a", "1.5", "0,4"))}", data: 4), "Expected ]"),
    (bytes(header: "{\(tensor("a", "04", "0,4"))}", data: 4), "starts with 0"),
    (bytes(header: "{\"\\ud800\":{}}"), "Half a surrogate pair"),
    (bytes(header: "{\"\\ud800\\u0041\":{}}"), "Half a surrogate pair"),
    (bytes(header: "{\"\\udc00\\udc00\":{}}"), "Half a surrogate pair"),
    (bytes(header: "{\"\\u12"), "escape does not end"),
    (bytes(header: "{\"\\uzzzz\":1}"), "not hexadecimal"),
    (bytes(header: "{\"\\x\":1}"), "unknown escape"),
    (bytes(header: "{\"a\nb\":1}"), "control character"),
    (bytes(header: "{\"abc"), "does not end"),
    (Array("\u{5}\0\0\0\0\0\0\0{\"".utf8) + [0xFF, 0xFE, 0x22], "not valid UTF-8"),
  ]

  @Test(arguments: 0..<hostile.count) func aHostileFileIsRefusedQuickly(index: Int) throws {
    let folder = try TemporaryFolder()
    let path = try folder.file("hostile.safetensors", Self.hostile[index].bytes)
    let start = ContinuousClock.now
    let fault = #expect(throws: Fault.self) { try SafetensorsFile(path) }
    #expect(ContinuousClock.now - start < .seconds(2))
    #expect(fault?.code == .badData)
    #expect(fault?.place?.hasPrefix(path) == true)
    #expect("\(String(describing: fault))".contains(Self.hostile[index].message), "\(String(describing: fault))")
  }

  @Test func everyCutIsRefused() throws {
    let folder = try TemporaryFolder()
    let whole = try contents(Self.fixture("python"))
    for count in 0..<whole.count {
      let path = try folder.file("cut.safetensors", Array(whole.prefix(count)))
      let fault = #expect(throws: Fault.self) { try SafetensorsFile(path) }
      #expect(fault?.code == .badData)
    }
  }

  /// A changed header may still be a right one; it must never trap, and never let a read leave the file.
  @Test func noChangeOfTheHeaderTraps() throws {
    let folder = try TemporaryFolder()
    let whole = try contents(Self.fixture("python"))
    var random = RandomStream(seed: 1, "header-changes")
    var refused = 0
    let headerEnd = 8 + Int(whole[0]) + Int(whole[1]) << 8
    for _ in 0..<600 {
      var bytes = whole
      for _ in 0...random.integer(below: 3) {
        bytes[random.integer(below: headerEnd)] = UInt8(truncatingIfNeeded: random.next())
      }
      let path = try folder.file("changed.safetensors", bytes)
      do {
        let file = try SafetensorsFile(path)
        for name in file.tensors.keys { _ = try file.read(name) }
      } catch let fault as Fault {
        #expect(fault.code == .badData)
        refused += 1
      }
    }
    #expect(refused > 200)
  }
}
