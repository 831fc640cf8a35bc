import Checkpointing
import Faults

/// How the tensors of two safetensors files differ.
enum TensorDifference {
  /// One line a tensor that differs, by name: how many elements, bit by bit, and the greatest |difference|.
  static func lines(_ one: SafetensorsFile, _ other: SafetensorsFile) throws -> [String] {
    try Set(one.tensors.keys).union(other.tensors.keys).sorted().compactMap { name in
      guard let a = one.tensors[name], let b = other.tensors[name] else {
        return "\(name): only in the \(one.tensors[name] == nil ? "second" : "first")"
      }
      guard a.type == b.type, a.shape == b.shape else {
        return "\(name): \(a.type.rawValue) \(a.shape) | \(b.type.rawValue) \(b.shape)"
      }
      let bytes = (try one.read(name), try other.read(name))
      guard bytes.0 != bytes.1 else { return nil }
      guard a.type == .float32 else { return "\(name): other bytes of \(a.type.rawValue)" }
      let (count, greatest) = difference(bytes.0, bytes.1)
      return "\(name): \(count) of \(a.elementCount) elements, by at most \(greatest)"
    }
  }

  /// Of float32 elements: how many have other bits, and the greatest |a − b|, NaN where one of them is.
  static func difference(_ a: [UInt8], _ b: [UInt8]) -> (count: Int, greatest: Float) {
    var count = 0
    var greatest: Float = 0
    a.withUnsafeBytes { a in
      b.withUnsafeBytes { b in
        for offset in stride(from: 0, to: a.count, by: 4) {
          let x = a.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
          let y = b.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
          guard x != y else { continue }
          count += 1
          let distance = abs(Float(bitPattern: x) - Float(bitPattern: y))
          // A NaN once found stays: no number is greater.
          if !greatest.isNaN, !(distance <= greatest) { greatest = distance }
        }
      }
    }
    return (count, greatest)
  }
}
