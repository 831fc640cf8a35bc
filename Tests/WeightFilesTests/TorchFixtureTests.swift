import Faults
import Foundation
import Testing

@testable import WeightFiles

/// Files that PyTorch wrote (scripts/references/make_torch_fixtures.py), and what is in them as safetensors.
@Suite struct TorchFixtureTests {
  @Test(arguments: [
    "types-protocol-2", "types-protocol-3", "types-protocol-4", "types-protocol-5", "big-endian", "views", "nested",
    "state-dict", "training-state_dict", "training-model", "script",
  ])
  func `names, shapes and numbers are PyTorch's`(_ name: String) throws {
    let file = try WeightFiles.open(TorchFixtureTests.path("\(name).pt"))
    let expected = try WeightFiles.open(TorchFixtureTests.path("\(name).safetensors"))
    #expect(file.format == (name == "script" ? "TorchScript" : "PyTorch"))
    #expect(file.shapes == expected.shapes)
    #expect(!expected.shapes.isEmpty)
    for tensor in expected.shapes.keys {
      let (found, wanted) = (try file.floats(tensor), try expected.floats(tensor))
      #expect(found.map(\.bitPattern) == wanted.map(\.bitPattern), "\(tensor)")
      // Behind the check of its record too.
      #expect(try file.floats(tensor).map(\.bitPattern) == wanted.map(\.bitPattern), "\(tensor)")
    }
  }

  @Test func `the names of the script nest`() throws {
    let file = try WeightFiles.open(TorchFixtureTests.path("script.pt"))
    #expect(file.shapes["visual.1.attn.in_proj_weight"] == [6, 2])
    #expect(file.shapes["logit_scale"] == [])
    #expect(file.shapes["input_resolution"] == nil)
  }

  @Test func `the format before 1.6 is refused`() throws {
    let fault = try #require(faultOfOpening(TorchFixtureTests.path("legacy.pt")))
    #expect(fault.what.contains("before PyTorch 1.6"))
    #expect(fault.remedy?.contains("torch.save") == true)
  }

  @Test func `a tensor that is not there is a fault`() throws {
    let file = try WeightFiles.open(TorchFixtureTests.path("nested.pt"))
    #expect(throws: Fault.self) { try file.floats("absent") }
    // Whole numbers are no weights.
    #expect(throws: Fault.self) { try WeightFiles.open(TorchFixtureTests.path("script.pt")).floats("input_resolution") }
  }

  static func path(_ name: String) -> String {
    Bundle.module.resourceURL!.appendingPathComponent("Fixtures/\(name)").path
  }
}
