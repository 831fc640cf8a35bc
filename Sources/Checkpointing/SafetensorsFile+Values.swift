import Faults

extension SafetensorsFile {
  /// The elements of a tensor of F32, F64 (rounded), F16 or BF16.
  public func floats(_ name: String) throws -> [Float] {
    switch try entry(name).type {
    case .float32: return try elements(name)
    case .float64: return try elements(name, of: Double.self).map(Float.init)
    case .float16: return try elements(name, of: UInt16.self).map { Float(Float16(bitPattern: $0)) }
    case .bfloat16: return try elements(name, of: UInt16.self).map { Float(bitPattern: UInt32($0) << 16) }
    default: throw wrongType(name, "a floating-point type")
    }
  }

  /// The elements of a tensor of F64, F32, F16 or BF16, exactly.
  public func doubles(_ name: String) throws -> [Double] {
    try entry(name).type == .float64 ? elements(name) : floats(name).map(Double.init)
  }

  /// The elements of a tensor of whole numbers; `Fault(.badData)` where one of U64 is too large.
  public func int64s(_ name: String) throws -> [Int64] {
    switch try entry(name).type {
    case .int64: return try elements(name)
    case .int32: return try elements(name, of: Int32.self).map(Int64.init)
    case .uint32: return try elements(name, of: UInt32.self).map(Int64.init)
    case .int16: return try elements(name, of: Int16.self).map(Int64.init)
    case .uint16: return try elements(name, of: UInt16.self).map(Int64.init)
    case .int8: return try elements(name, of: Int8.self).map(Int64.init)
    case .uint8: return try elements(name, of: UInt8.self).map(Int64.init)
    case .uint64:
      return try elements(name, of: UInt64.self).map {
        guard let value = Int64(exactly: $0) else {
          throw Fault(.badData, "\($0) is too large for a signed number", at: place(name))
        }
        return value
      }
    default: throw wrongType(name, "an integer type")
    }
  }

  /// The elements of a tensor of U8, I8 or BOOL.
  public func bytes(_ name: String) throws -> [UInt8] {
    switch try entry(name).type {
    case .uint8, .int8, .bool: return try read(name)
    default: throw wrongType(name, "a type of one byte")
    }
  }

  private func elements<Element>(_ name: String, of _: Element.Type = Element.self) throws -> [Element] {
    let count = try entry(name).elementCount
    return try [Element](unsafeUninitializedCapacity: count) { buffer, initializedCount in
      try read(
        name,
        into: UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: count * MemoryLayout<Element>.stride))
      initializedCount = count
    }
  }

  private func wrongType(_ name: String, _ wanted: String) -> Fault {
    let type = tensors[name]?.type.rawValue ?? "missing"
    return Fault(.badData, "The tensor is \(type), expected \(wanted)", at: place(name))
  }
}
