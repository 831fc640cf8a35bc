/// The element types of a safetensors file, by their names in it. Elements are little-endian.
public enum SafetensorsType: String, Sendable, CaseIterable {
  case bool = "BOOL"
  case uint8 = "U8"
  case int8 = "I8"
  case float8E5M2 = "F8_E5M2"
  case float8E4M3 = "F8_E4M3"
  /// Powers of two, by which blocks of narrower numbers are scaled.
  case float8E8M0 = "F8_E8M0"
  case int16 = "I16"
  case uint16 = "U16"
  case float16 = "F16"
  case bfloat16 = "BF16"
  case int32 = "I32"
  case uint32 = "U32"
  case float32 = "F32"
  case int64 = "I64"
  case uint64 = "U64"
  case float64 = "F64"
  /// Two float32: real and imaginary part.
  case complex64 = "C64"

  /// Bytes of one element.
  public var byteCount: Int {
    switch self {
    case .bool, .uint8, .int8, .float8E5M2, .float8E4M3, .float8E8M0: 1
    case .int16, .uint16, .float16, .bfloat16: 2
    case .int32, .uint32, .float32: 4
    case .int64, .uint64, .float64, .complex64: 8
    }
  }

  /// The bytes of a tensor of this type; nil where they are more than an `Int` can count.
  func byteCount(shape: [Int]) -> Int? {
    var count = byteCount
    // Sizes of 0 first: a tensor without elements has no bytes, whatever its other sizes are.
    if shape.contains(0) { return 0 }
    for size in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      if overflow || size < 0 { return nil }
      count = product
    }
    return count
  }
}
