import Checkpointing
import Foundation
import Testing

@testable import WeightFiles

@Suite struct SafetensorsWeightsTests {
  @Test func floatsAreReadAndOtherTensorsAreNoWeights() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).safetensors").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let (floats, numbers): ([Float], [Int64]) = ([1, -2, 3.5, 0, 5, 6], [7])
    _ = try floats.withUnsafeBytes { floats in
      _ = try numbers.withUnsafeBytes { numbers in
        try SafetensorsWriter.write(
          path: path,
          tensors: [
            .init(name: "a.weight", type: .float32, shape: [2, 3], bytes: floats),
            .init(name: "position_ids", type: .int64, shape: [1], bytes: numbers),
          ])
      }
    }
    try expectWeights(path, floats)
  }

  /// Of all types that safetensors 0.8 stores in whole bytes.
  @Test func typesThatAreNoWeightsAreLeftAlone() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).safetensors").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let types = [
      "BOOL": 1, "U8": 1, "I8": 1, "F8_E5M2": 1, "F8_E4M3": 1, "F8_E8M0": 1, "I16": 2, "U16": 2, "I32": 4, "U32": 4,
      "I64": 8, "U64": 8, "C64": 8,
    ]
    let floats: [Float] = [1, -2, 3.5, 0, 5, 6]
    var header = #"{"a.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}"#
    var end = 24
    for (type, width) in types.sorted(by: { $0.key < $1.key }) {
      header += #","\#(type)":{"dtype":"\#(type)","shape":[3],"data_offsets":[\#(end),\#(end + 3 * width)]}"#
      end += 3 * width
    }
    header += "}"
    let count = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) }
    let data = floats.withUnsafeBytes { Array($0) } + [UInt8](repeating: 0, count: end - 24)
    try Data(count + Array(header.utf8) + data).write(to: URL(fileURLWithPath: path))
    try expectWeights(path, floats)
  }

  private func expectWeights(_ path: String, _ floats: [Float]) throws {
    let file = try WeightFiles.open(path)
    #expect(file.shapes == ["a.weight": [2, 3]])
    #expect(try file.floats("a.weight") == floats)
  }
}
