import Testing
import WeightArchives

@testable import WeightFiles

/// Pickles whose values are deep, endless, or many more than their bytes.
@Suite struct PickleBombTests {
  @Test func `containers within each other, forty thousand deep`() throws {
    let depth = 40_000
    let lists = [UInt8](repeating: 0x5D, count: depth) + [UInt8](repeating: 0x61, count: depth - 1)
    try expectRefused(file(lists), "without end, or beyond the limits")
    try expectRefused(file([0x29] + [UInt8](repeating: 0x85, count: depth)), "without end, or beyond the limits")
  }

  @Test func `marks without number`() throws {
    try expectRefused(file([UInt8](repeating: 0x28, count: 500_000)), "stack is empty")
  }

  @Test func `operations without number`() throws {
    try expectRefused(
      file([UInt8](repeating: 0x4E, count: PickleReader.operationLimit + 1)), "operations", within: atLimit)
  }

  @Test func `values kept without number`() throws {
    var operations: [UInt8] = [0x4E]
    for number in UInt32(0)..<400_000 { operations += [0x72] + withUnsafeBytes(of: number.littleEndian) { Array($0) } }
    // They are kept, and nothing comes of them.
    #expect(try faultOfOpening(file(operations)) == nil)
    try expectRefused(file(operations + [0x6A, 0xFF, 0xFF, 0xFF, 0xFF]), "was never kept", within: atLimit)
  }

  @Test func `a list that holds itself`() throws {
    try expectRefused(file([0x5D, 0x71, 0, 0x68, 0, 0x61]), "without end, or beyond the limits")
    try expectRefused(file([0x7D, 0x71, 0, 0x4B, 1, 0x68, 0, 0x73]), "without end, or beyond the limits")
  }

  @Test func `an object that is its own state`() throws {
    let pickle = [0x80, 2] + Array("c__torch__\nM\n)".utf8) + [0x81] + Array("q\0h\0b.".utf8)
    let file = TorchDraft(pickle: pickle, records: [], isScript: true)
    try expectRefused(file.encoded(), "without end, or beyond the limits")
  }

  /// Each list holds the one before twice: 2⁶⁰ ways lead to the tensor.
  @Test func `lists that double`() throws {
    var draft = PickleDraft()
    draft.tensor(key: "0", count: 4, shape: [4], strides: [1])
    for number in 0..<UInt8(60) {
      draft.raw([0x71, number, 0x5D, 0x28, 0x68, number, 0x68, number, 0x65, 0x86])
    }
    let file = TorchDraft(pickle: draft.ended(), records: [floatBytes([0, 1, 2, 3])]).encoded()
    try expectRefused(file, "without end, or beyond the limits", within: atLimit)
  }

  /// One long list of numbers in thousands of places: few names, but many values to look at.
  @Test func `a long list in many places`() throws {
    var operations: [UInt8] = [0x5D, 0x71, 0, 0x28] + [UInt8](repeating: 0x4E, count: 100_000) + [0x65]
    operations = operations + [0x5D, 0x28] + [[UInt8]](repeating: [0x68, 0], count: 10_000).joined() + [0x65, 0x86]
    try expectRefused(file(operations), "values lead to each other", within: atLimit)
  }

  @Test func `names that grow without end`() throws {
    var draft = PickleDraft()
    draft.raw("}")
    draft.text(String(repeating: "a", count: 2_000))
    draft.raw("]s")
    try expectRefused(TorchDraft(pickle: draft.ended(), records: []).encoded(), "without end, or beyond the limits")
  }

  @Test func `a pickle of more bytes than any`() throws {
    let pickle = [UInt8](repeating: 0x4E, count: PickleReader.byteLimit + 1)
    try expectRefused(
      TorchDraft(pickle: pickle, records: []).encoded(), "more than the limit of \(PickleReader.byteLimit)")
  }

  /// A debug build takes microseconds for an operation, and these come up to a limit of a million.
  private let atLimit = Duration.seconds(10)

  private func file(_ operations: [UInt8]) -> [UInt8] {
    TorchDraft(pickle: [0x80, 2] + operations + [0x2E], records: []).encoded()
  }
}
