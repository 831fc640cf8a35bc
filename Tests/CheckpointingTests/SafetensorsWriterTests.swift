import DurableFiles
import Faults
import Foundation
import Testing

@testable import Checkpointing

@Suite struct SafetensorsWriterTests {
  /// Writes one file of several types, and calls `body` with its path and what the writer said about it.
  private func withFile(_ body: (String, Int, UInt64) throws -> Void) throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/written.safetensors"
    let floats: [Float] = [1.5, -2.25, 3, 4, 5, 6]
    let steps: [Int64] = [120, -1]
    let flags: [UInt8] = [1, 0, 1]
    let (byteCount, hash) = try floats.withUnsafeBytes { floats in
      try steps.withUnsafeBytes { steps in
        try flags.withUnsafeBytes { flags in
          try SafetensorsWriter.write(
            path: path, metadata: ["by": "test", "quote": "\"\\\n\té"],
            tensors: [
              .init(name: "flags", type: .uint8, shape: [3], bytes: flags),
              .init(name: "encoder.weight", type: .float32, shape: [2, 3], bytes: floats),
              .init(name: "steps", type: .int64, shape: [2], bytes: steps),
              .init(name: "empty", type: .float32, shape: [0, 4], bytes: .init(start: nil, count: 0)),
            ])
        }
      }
    }
    try body(path, byteCount, hash)
  }

  @Test func whatIsWrittenIsReadBack() throws {
    try withFile { path, byteCount, hash in
      let file = try SafetensorsFile(path)
      #expect(file.metadata == ["by": "test", "quote": "\"\\\n\té"])
      #expect(try file.floats("encoder.weight") == [1.5, -2.25, 3, 4, 5, 6])
      #expect(file.tensors["encoder.weight"]?.shape == [2, 3])
      #expect(try file.int64s("steps") == [120, -1])
      #expect(try file.bytes("flags") == [1, 0, 1])
      #expect(file.tensors["empty"]?.shape == [0, 4])
      for entry in file.tensors.values { #expect(entry.range.lowerBound % entry.type.byteCount == 0) }
      let bytes = try contents(path)
      #expect(bytes.count == byteCount && XXH3.hash(bytes) == hash)
      #expect(bytes[0] % 8 == 0)
    }
  }

  /// The fixture has been loaded by the format's Python library, with equal values.
  @Test func theBytesAreThoseThatOtherReadersTake() throws {
    let fixture = try #require(
      Bundle.module.url(forResource: "written", withExtension: "safetensors", subdirectory: "Fixtures"))
    let expected = try contents(fixture.path)
    try withFile { path, _, _ in
      let written = try contents(path)
      #expect(written == expected)
      // To renew the fixture: copy this file, and load it with Python before it is committed.
      if let copy = ProcessInfo.processInfo.environment["SGMN_RENEW_FIXTURES"] {
        try Data(written).write(to: URL(fileURLWithPath: copy + "/written.safetensors"))
      }
    }
  }

  @Test func anEmptyFileIsAFile() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/empty.safetensors"
    try SafetensorsWriter.write(path: path, tensors: [])
    #expect(try SafetensorsFile(path).tensors.isEmpty)
  }

  @Test func aFolderThatIsNotThereIsAFault() {
    let fault = #expect(throws: Fault.self) { try SafetensorsWriter.write(path: "/nonexistent/a", tensors: []) }
    #expect(fault?.code == .outputUnavailable)
  }
}
