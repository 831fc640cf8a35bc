import Testing
import WeightArchives

@testable import WeightFiles

/// Tensors that do not lie in their storage, whatever they say; and those that do, in uncommon ways.
@Suite struct HostileTensorTests {
  @Test(arguments: [
    (0, [5], [1]), (1, [4], [1]), (4, [1], [1]), (5, [0], [1]), (0, [2], [4]), (0, [2, 2], [3, 1]), (3, [2], [1]),
    (Int.max, [1], [1]), (0, [Int.max], [1]), (0, [2], [Int.max]), (1, [2], [Int.max]),
    (0, [Int.max, Int.max], [1, 1]), (0, [1 << 32, 1 << 32], [0, 0]), (Int.max, [], []), (Int.max, [0], [1]),
    (0, [3, 3], [Int.max / 2, Int.max / 2]), (2, [Int.max, 2], [0, 1]),
  ])
  func `views that leave their storage`(_ offset: Int, _ shape: [Int], _ strides: [Int]) throws {
    try expectRefused(file(offset, shape, strides), "does not lie in the 4 elements of its storage")
  }

  @Test(arguments: [([5], [0]), ([1 << 40], [0]), ([2, 3], [0, 1]), ([1 << 20, 1 << 20], [0, 0])])
  func `views with more elements than their storage`(_ shape: [Int], _ strides: [Int]) throws {
    try expectRefused(file(0, shape, strides), "elements, more than the 4 of its storage")
  }

  @Test(
    arguments: [
      (0, [4], [1], [0, 1, 2, 3]), (0, [2, 2], [1, 2], [0, 2, 1, 3]), (3, [], [], [3]), (3, [1], [Int.max], [3]),
      (1, [1, 2, 1], [Int.max, 2, Int.max], [1, 3]), (0, [4], [0], [0, 0, 0, 0]), (1, [2, 2], [1, 1], [1, 2, 2, 3]),
      (4, [0], [1], []), (0, [Int.max, 0, Int.max], [1, 1, 1], []),
    ] as [(Int, [Int], [Int], [Float])])
  func `views within their storage`(_ offset: Int, _ shape: [Int], _ strides: [Int], _ expected: [Float]) throws {
    try withWeightFile(file(offset, shape, strides)) { path in
      let weights = try WeightFiles.open(path)
      #expect(weights.shapes == ["weight": shape])
      let numbers = try weights.floats("weight")
      #expect(numbers == expected)
    }
  }

  @Test(arguments: [(-1, [1], [1]), (0, [-1], [1]), (0, [2], [-1]), (0, [Int.min], [Int.min])])
  func `negative numbers`(_ offset: Int, _ shape: [Int], _ strides: [Int]) throws {
    try expectRefused(file(offset, shape, strides), "data.pkl: byte")
  }

  @Test func `sizes without strides, and too many of both`() throws {
    try expectRefused(file(0, [2, 2], [1]), "2 sizes and 1 strides")
    try expectRefused(file(0, Array(repeating: 1, count: 65), Array(repeating: 1, count: 65)), "at most 64 numbers")
  }

  @Test func `a storage that does not exist`() throws {
    for key in ["7", "", "../data.pkl", "0/", "\u{0}"] {
      try expectRefused(file(key: key, 0, [4], [1]), "There is no storage \(key.debugDescription)")
    }
  }

  @Test(arguments: [0, 3, 5, 1 << 40, Int.max])
  func `a storage of another size than its record`(_ count: Int) throws {
    try expectRefused(file(count: count, 0, [1], [1]), "should have \(count) elements, its record has 4")
  }

  @Test func `numbers of more than 64 bits`() throws {
    var draft = PickleDraft()
    draft.global("torch._utils", "_rebuild_tensor_v2")
    draft.raw("((")
    draft.text("storage")
    draft.global("torch", "FloatStorage")
    draft.text("0")
    draft.text("cpu")
    draft.raw([0x8A, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1])
    draft.raw("tQ")
    try expectRefused(TorchDraft(pickle: draft.ended(), records: []).encoded(), "no storage")
  }

  @Test func `names that occur twice`() throws {
    var draft = PickleDraft()
    draft.dictionary(["a", "a"]) { draft, _ in draft.tensor(key: "0", count: 4, shape: [1], strides: [1]) }
    try expectRefused(TorchDraft(pickle: draft.ended(), records: [record]).encoded(), "\"a\" occurs twice")
    var nested = PickleDraft()
    nested.dictionary(["a.b", "a"]) { draft, name in
      guard name == "a" else { return draft.tensor(key: "0", count: 4, shape: [1], strides: [1]) }
      draft.dictionary(["b"]) { draft, _ in draft.tensor(key: "0", count: 4, shape: [1], strides: [1]) }
    }
    try expectRefused(TorchDraft(pickle: nested.ended(), records: [record]).encoded(), "\"a.b\" occurs twice")
  }

  private let record = floatBytes([0, 1, 2, 3])

  private func file(
    key: String = "0", count: Int = 4, _ offset: Int, _ shape: [Int], _ strides: [Int]
  ) -> [UInt8] {
    var draft = PickleDraft()
    draft.dictionary(["weight"]) { draft, _ in
      draft.tensor(key: key, count: count, offset: offset, shape: shape, strides: strides)
    }
    return TorchDraft(pickle: draft.ended(), records: [record]).encoded()
  }
}
