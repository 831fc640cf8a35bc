import Faults
import Foundation
import Testing
import WeightArchives

@testable import WeightFiles

/// Pickles that would run code, or that use up time, memory or the stack.
@Suite struct HostilePickleTests {
  @Test func `the honest draft is taken`() throws {
    let file = file { $0.tensor(key: "0", count: 4, offset: 1, shape: [2], strides: [2]) }
    let numbers = try withWeightFile(file) { try WeightFiles.open($0).floats("weight") }
    #expect(numbers == [1, 3])
  }

  @Test(arguments: [
    ("hostile-system-2", "posix.system"), ("hostile-system-4", "posix.system"), ("hostile-eval", "__builtin__.eval"),
    ("module", "__main__.Scripted"),
  ])
  func `files that would run code when Python loads them`(_ name: String, _ global: String) throws {
    let fault = try #require(faultOfOpening(TorchFixtureTests.path("\(name).pt")))
    #expect(fault.code == .badData)
    #expect(fault.what == "The pickle names \"\(global)\", which no tensor needs: this file would run code")
    let place = try #require(fault.place)
    let data = try Data(contentsOf: URL(fileURLWithPath: TorchFixtureTests.path("\(name).pt")))
    // The byte is where the name stands: of the pickle, which is the first member.
    let offset = try #require(Int(place.split(separator: " ").last ?? ""))
    let pickle = try #require(data.range(of: Data([0x80]))).lowerBound
    #expect([UInt8(ascii: "c"), 0x93].contains(data[pickle + offset]), "\(place)")
    #expect(fault.remedy?.contains("Nothing was run") == true)
  }

  @Test(arguments: [
    ("os", "system"), ("posix", "system"), ("nt", "system"), ("builtins", "eval"), ("builtins", "exec"),
    ("builtins", "getattr"), ("__builtin__", "apply"), ("subprocess", "Popen"), ("torch", "load"),
    ("torch.hub", "load"),
    ("torch._utils", "_rebuild_qtensor"), ("torch.nn.modules.linear", "Linear"), ("collections", "OrderedDict.x"),
    ("numpy.core.multiarray", "scalar"), ("__torch__", "Model"), ("torch.jit._pickle", "build_tensor_from_id"),
    ("", ""),
  ])
  func `globals that are not on the list`(_ module: String, _ name: String) throws {
    let reason = "names \"\(module).\(name)\", which no tensor needs"
    try expectRefused(
      pickle {
        $0.global(module, name)
        $0.raw("(")
        $0.text("true")
        $0.raw("tR")
      }, reason)
    try expectRefused(
      pickle {
        $0.text(module)
        $0.text(name)
        $0.raw([0x93])
      }, reason)
  }

  @Test func `classes of scripts are records in a script alone`() throws {
    var draft = PickleDraft()
    draft.global("__torch__.torch.nn", "Model")
    draft.raw([0x29, 0x81])
    draft.dictionary(["weight"]) { draft, _ in draft.tensor(key: "0", count: 4, shape: [2, 2], strides: [2, 1]) }
    draft.raw("b")
    #expect(try faultOfOpening(TorchDraft(pickle: draft.ended(), records: [numbers], isScript: true).encoded()) == nil)
    try expectRefused(TorchDraft(pickle: draft.ended(), records: [numbers]).encoded(), "would run code")
    // Never called, and no other class stands for them.
    for operations in [")R", "}\u{81}", "(t(tb"] {
      var call = PickleDraft()
      call.global("__torch__", "Model")
      call.raw(operations.unicodeScalars.map { UInt8($0.value) })
      let file = TorchDraft(pickle: call.ended(), records: [], isScript: true).encoded()
      let fault = try faultOfOpening(file)
      #expect(fault?.code == .badData)
    }
  }

  @Test func `every operation that is not on the list`() throws {
    for byte in UInt8.min...UInt8.max where PickleOpcode(rawValue: byte) == nil {
      let reason = "operation 0x\(String(byte, radix: 16)) is none that a file of tensors needs"
      try expectRefused(pickle { $0.raw([byte]) }, reason)
    }
  }

  @Test func `every operation on an empty stack, and on values of other kinds`() throws {
    let values = ["", "N", "NN", "(", "(N", ")", "))", "]", "]]", "}", "}N", "}NN", "}(N", "(}NNN", "}}", "K\u{1}"]
    for byte in UInt8.min...UInt8.max {
      for value in values {
        for rest in [[], [UInt8](repeating: 0, count: 9), [UInt8](repeating: 0xFF, count: 9)] {
          var draft = PickleDraft()
          draft.raw(value)
          draft.raw([byte] + rest)
          // Taken or refused: a trap would end the test, and no tensor comes of it.
          let graph = try? PickleReader.graph(of: draft.ended(), path: "data.pkl", isScript: true)
          #expect(graph?.tensors.isEmpty != false)
        }
      }
    }
  }

  @Test func `declared sizes beyond the file`() throws {
    let huge: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF]
    for operation: UInt8 in [0x58, 0x42] {
      try expectRefused(pickle { $0.raw([operation] + huge) }, "more than the limit")
    }
    for operation: UInt8 in [0x8D, 0x8E, 0x95] {
      try expectRefused(pickle { $0.raw([operation] + huge + huge) }, "more than the limit")
      try expectRefused(pickle { $0.raw([operation] + huge + [0, 0, 0, 0x7F]) }, "more than the limit")
    }
    for operation: UInt8 in [0x8C, 0x43, 0x8A] { try expectRefused(pickle { $0.raw([operation, 255]) }, "ends early") }
    try expectRefused(pickle { $0.raw([0x80, 9]) }, "Pickle protocol 9")
    try expectRefused(pickle { $0.raw([0x58, 1, 0, 0, 0, 0xFF]) }, "not valid UTF-8")
    try expectRefused(pickle { $0.raw("c" + String(repeating: "a", count: 5_000)) }, "more than 1,024 bytes")
  }

  /// Each is compared and hashed for every tensor of it.
  @Test func `names and keys of more than 1,024 bytes`() throws {
    let long = String(repeating: "k", count: 1_025)
    let named = { (key: String, record: String) in
      var draft = PickleDraft()
      draft.dictionary(["weight"]) { draft, _ in draft.tensor(key: key, count: 4, shape: [4], strides: [1]) }
      var file = TorchDraft(pickle: draft.ended(), records: [])
      file.archive.members.append(.init("archive/data/\(record)", numbers))
      return file.encoded()
    }
    #expect(try faultOfOpening(named(String(long.dropLast()), String(long.dropLast()))) == nil)
    try expectRefused(named(long, long), "The key of a storage has more than 1,024 bytes")
    for (module, name) in [(long, "a"), ("a", long)] {
      try expectRefused(
        pickle {
          $0.text(module)
          $0.text(name)
          $0.raw([0x93])
        }, "The name of a global has more than 1,024 bytes")
    }
  }

  @Test func `memory that was never filled`() throws {
    try expectRefused(pickle { $0.raw([0x68, 3]) }, "Value 3 is used and was never kept")
    try expectRefused(pickle { $0.raw([0x6A, 0xFF, 0xFF, 0xFF, 0xFF]) }, "was never kept")
    try expectRefused(pickle { $0.raw([0x71, 0]) }, "stack is empty")
    try expectRefused(pickle { $0.raw([0x4E, 0x72, 0xFF, 0xFF, 0xFF, 0xFF]) }, "is kept before value 0")
  }

  @Test func `values left over, or none`() throws {
    try expectRefused(pickle { _ in }, "stack is empty")
    try expectRefused(pickle { $0.raw("NN") }, "left over")
    try expectRefused(pickle { $0.raw("N(") }, "stack is empty")
    try expectRefused(TorchDraft(pickle: [0x80, 2, 0x4E, 0x2E, 0x2E], records: []).encoded(), "1 bytes too many")
  }

  private let numbers = floatBytes([0, 1, 2, 3])

  private func file(_ value: (inout PickleDraft) -> Void) -> [UInt8] {
    var draft = PickleDraft()
    draft.dictionary(["weight"]) { draft, _ in value(&draft) }
    return TorchDraft(pickle: draft.ended(), records: [numbers]).encoded()
  }

  private func pickle(_ value: (inout PickleDraft) -> Void) -> [UInt8] {
    var draft = PickleDraft()
    value(&draft)
    return TorchDraft(pickle: draft.ended(), records: [numbers]).encoded()
  }
}

func floatBytes(_ values: [Float]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }
