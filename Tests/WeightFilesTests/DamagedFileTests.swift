import Checkpointing
import Foundation
import Testing
import WeightArchives

@testable import WeightFiles

/// Small files of both formats, cut at every byte, and with bits of every byte changed.
@Suite struct DamagedFileTests {
  @Test(arguments: ["nested.pt", "views.pt", "state-dict.safetensors"])
  func `cut at every byte`(_ name: String) throws {
    let file = try bytes(name)
    for count in 0..<file.count {
      let fault = try faultOfOpening(Array(file[..<count]))
      #expect(fault?.code == .badData, "\(count) of \(file.count) bytes")
    }
  }

  /// What a changed bit makes of a file is refused, or does not matter: the weights are the same.
  @Test(arguments: ["little", "big"])
  func `bits of every byte changed`(_ byteOrder: String) throws {
    let file = small(byteOrder)
    let expected = try withWeightFile(file) { try contents($0) }
    var changed = file
    for place in file.indices {
      for bit in [0, 2, 5, 7] {
        changed[place] ^= 1 << bit
        try withWeightFile(changed) { path in
          guard faultOfOpening(path) == nil else { return }
          let found = try contents(path)
          #expect(found == expected, "bit \(bit) of byte \(place)")
        }
        changed[place] = file[place]
      }
    }
  }

  /// Safetensors has no checksum: names, types and numbers may change. It is refused, or a file as others are.
  @Test func `bits of every byte of a safetensors header changed`() throws {
    let file = try bytes("types-protocol-2.safetensors")
    let headerEnd = 8 + Int(file[0]) + Int(file[1]) << 8
    for place in 0..<headerEnd {
      for bit in [0, 2, 5, 7] {
        var changed = file
        changed[place] ^= 1 << bit
        _ = try faultOfOpening(changed)
      }
    }
  }

  private func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: TorchFixtureTests.path(name))))
  }

  private func small(_ byteOrder: String) -> [UInt8] {
    var draft = PickleDraft()
    draft.dictionary(["a", "b"]) { draft, name in
      draft.tensor(key: "0", count: 4, offset: name == "a" ? 0 : 1, shape: [2], strides: [2])
    }
    return TorchDraft(pickle: draft.ended(), records: [floatBytes([0, 1, 2, 3])], byteOrder: byteOrder).encoded()
  }

  private func contents(_ path: String) throws -> [String: [UInt32]] {
    let file = try WeightFiles.open(path)
    return try Dictionary(
      uniqueKeysWithValues: file.shapes.keys.map { ($0, try file.floats($0).map(\.bitPattern)) })
  }
}
