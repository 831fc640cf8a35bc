/// The bytes of a pickle of protocol 2, operation by operation.
public struct PickleDraft {
  public private(set) var bytes: [UInt8] = [0x80, 2]

  public init() {}

  /// Operations as they are.
  public mutating func raw(_ operations: [UInt8]) { bytes += operations }

  public mutating func raw(_ operations: String) { bytes += Array(operations.utf8) }

  public mutating func global(_ module: String, _ name: String) { raw("c\(module)\n\(name)\n") }

  public mutating func text(_ text: String) {
    bytes += [0x58] + little(UInt32(text.utf8.count)) + Array(text.utf8)
  }

  /// A number of 64 bits.
  public mutating func number(_ number: Int) { bytes += [0x8A, 8] + little(number) }

  public mutating func numbers(_ numbers: [Int]) {
    raw("(")
    for number in numbers { self.number(number) }
    raw("t")
  }

  /// A tensor, as PyTorch writes one; `count` is what the pickle says that its storage has.
  public mutating func tensor(
    storage type: String = "FloatStorage", key: String, count: Int, offset: Int = 0, shape: [Int], strides: [Int]
  ) {
    global("torch._utils", "_rebuild_tensor_v2")
    raw("((")
    text("storage")
    global("torch", type)
    text(key)
    text("cpu")
    number(count)
    raw("tQ")
    number(offset)
    numbers(shape)
    numbers(strides)
    bytes.append(0x89)
    global("collections", "OrderedDict")
    raw(")RtR")
  }

  /// A dictionary from names to what is written for each.
  public mutating func dictionary(_ names: [String], _ value: (inout PickleDraft, String) -> Void) {
    raw("}(")
    for name in names {
      text(name)
      value(&self, name)
    }
    raw("u")
  }

  public func ended() -> [UInt8] { bytes + [0x2E] }

  private func little<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
  }
}
