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
    let file = try WeightFiles.open(path)
    #expect(file.shapes == ["a.weight": [2, 3]])
    #expect(try file.floats("a.weight") == floats)
  }
}
