/// The element types of tensors, as far as weights need them.
enum TorchElementType: Sendable, Equatable {
  case float16, bfloat16, float32, float64
  /// Whole numbers, truth values, complex numbers, 8-bit floating point: no weights.
  case other

  /// Bytes of one element; nil where it does not matter.
  var byteCount: Int? {
    switch self {
    case .float16, .bfloat16: 2
    case .float32: 4
    case .float64: 8
    case .other: nil
    }
  }

  /// Of `torch.NAME` that is a type of storages.
  init?(storage name: String) {
    switch name {
    case "HalfStorage": self = .float16
    case "BFloat16Storage": self = .bfloat16
    case "FloatStorage": self = .float32
    case "DoubleStorage": self = .float64
    case "BoolStorage", "ByteStorage", "CharStorage", "ShortStorage", "IntStorage", "LongStorage",
      "ComplexFloatStorage", "ComplexDoubleStorage":
      self = .other
    default: return nil
    }
  }

  /// Of `torch.NAME` that is a dtype.
  init?(dtype name: String) {
    switch name {
    case "float16", "half": self = .float16
    case "bfloat16": self = .bfloat16
    case "float32", "float": self = .float32
    case "float64", "double": self = .float64
    case "bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64", "complex32", "complex64",
      "complex128", "float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu":
      self = .other
    default: return nil
    }
  }
}
