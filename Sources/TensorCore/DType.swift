/// The number format of a tensor's elements.
public enum DType: Sendable {
  case float32
  /// For checking gradients against finite differences, and for sums that cancel; no run trains in it.
  case float64
  /// The upper half of a float32: operands of products and what is kept of them for the backward pass. Sums, norms,
  /// softmax, losses and the optimiser are never computed in it.
  case bfloat16

  public var byteCount: Int {
    switch self {
    case .bfloat16: 2
    case .float32: 4
    case .float64: 8
    }
  }
}

/// Eight bits of exponent, eight of precision: the upper half of a float32.
public enum BFloat16 {
  /// The bits of the nearest number, halves to even; NaN stays NaN.
  public static func bits(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    guard !value.isNaN else { return UInt16(bits >> 16) | 0x40 }
    return UInt16((bits + 0x7FFF + (bits >> 16 & 1)) >> 16)
  }

  public static func float(_ bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }
}
