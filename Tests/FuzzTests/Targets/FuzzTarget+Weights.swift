import WeightArchives

@testable import WeightFiles

extension FuzzTarget {
  /// A file of PyTorch. The first byte says what follows: a ZIP archive, as it is or with its checksums made right; or a
  /// pickle, for an archive with three storages, of either byte order and kind.
  static let torchWeights = FuzzTarget(name: "torch-weights") {
    var seeds: [[UInt8]] = [[pickleMark | scriptMark] + script()]
    for pickle in [views(), nested(), protocol4] {
      seeds.append([pickleMark] + pickle)
      seeds.append([pickleMark | bigMark] + pickle)
    }
    for mark in [0, sealMark] {
      seeds.append([mark] + TorchDraft(pickle: views(), records: records).encoded())
      seeds.append([mark] + TorchDraft(pickle: script(), records: records, byteOrder: "big", isScript: true).encoded())
    }
    return seeds
  } parse: { bytes in
    guard let mark = bytes.first else {
      _ = try MemoryFile.with(bytes) { try WeightFiles.open($0) }
      return
    }
    var file = Array(bytes.dropFirst())
    if mark & pickleMark != 0 {
      let draft = TorchDraft(
        pickle: file, records: records, byteOrder: mark & bigMark != 0 ? "big" : nil,
        isScript: mark & scriptMark != 0)
      file = draft.encoded()
    } else if mark & sealMark != 0 {
      file = ZipSeal.sealed(file)
    }
    try MemoryFile.with(file) { path in
      let weights = try WeightFiles.open(path)
      for (name, shape) in weights.shapes {
        let numbers = try weights.floats(name)
        try Finding.unless(
          numbers.count == shape.reduce(1, &*), "\(name) of shape \(shape) has \(numbers.count) numbers")
        let again = try weights.floats(name)
        try Finding.unless(
          numbers.map(\.bitPattern) == again.map(\.bitPattern), "\(name) is something else when it is read again")
      }
    }
  }

  private static let pickleMark: UInt8 = 1
  private static let scriptMark: UInt8 = 2
  private static let bigMark: UInt8 = 4
  private static let sealMark: UInt8 = 8

  private static let records: [[UInt8]] = [(0..<64).map { UInt8($0) }, [UInt8](repeating: 0x3C, count: 8), []]

  /// Views of one storage as all types.
  private static func views() -> [UInt8] {
    var draft = PickleDraft()
    let widths = ["FloatStorage": 4, "HalfStorage": 2, "BFloat16Storage": 2, "DoubleStorage": 8, "LongStorage": 8]
    draft.dictionary(widths.keys.sorted()) { draft, type in
      let count = 64 / (widths[type] ?? 1)
      draft.tensor(storage: type, key: "0", count: count, offset: 1, shape: [2, 3], strides: [1, 2])
    }
    return draft.ended()
  }

  /// A training checkpoint: parameters in an ordered dictionary with attributes, a list, a tensor without elements.
  private static func nested() -> [UInt8] {
    var draft = PickleDraft()
    draft.dictionary(["state_dict", "epoch"]) { draft, name in
      guard name == "state_dict" else { return draft.number(3) }
      draft.global("collections", "OrderedDict")
      draft.raw(")Rq\0(")
      draft.text("module.a")
      draft.global("torch._utils", "_rebuild_parameter")
      draft.raw("(")
      draft.tensor(key: "1", count: 2, shape: [2], strides: [1])
      draft.raw([0x88])
      draft.raw("h\0tR")
      draft.text("module.b")
      draft.raw("](")
      draft.tensor(key: "2", count: 0, shape: [0], strides: [1])
      draft.raw("Neu}b")
    }
    return draft.ended()
  }

  /// A global whose name comes from the stack, within a frame.
  private static let protocol4: [UInt8] =
    [0x80, 4, 0x95, 34, 0, 0, 0, 0, 0, 0, 0, 0x8C, 11] + Array("collections".utf8) + [0x94, 0x8C, 11]
    + Array("OrderedDict".utf8) + [0x94, 0x93, 0x94, 0x29, 0x52, 0x94, 0x2E]

  /// An object with another in it.
  private static func script() -> [UInt8] {
    var draft = PickleDraft()
    draft.global("__torch__", "Model")
    draft.raw([0x29, 0x81])
    draft.dictionary(["weight", "inner"]) { draft, name in
      guard name == "inner" else { return draft.tensor(key: "1", count: 2, shape: [2], strides: [1]) }
      draft.global("__torch__.torch.nn", "Inner")
      draft.raw([0x29, 0x81])
      draft.dictionary(["sizes"]) { draft, _ in
        draft.global("torch.jit._pickle", "build_intlist")
        draft.raw("(](K\u{1}etR")
      }
      draft.raw("b")
    }
    draft.raw("b")
    return draft.ended()
  }
}
