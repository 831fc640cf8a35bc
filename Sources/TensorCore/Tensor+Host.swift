extension Tensor {
  /// A tensor of `values` in row-major order, rounded to `dtype`.
  public convenience init<Value: BinaryFloatingPoint>(
    _ values: [Value], shape: [Int], dtype: DType = .float32, backend: any Backend
  ) {
    precondition(values.count == shape.reduce(1, *), "\(values.count) values for shape \(shape)")
    self.init(uninitialized: shape, dtype: dtype, backend: backend)
    set(values)
  }

  public static func zeros(_ shape: [Int], dtype: DType = .float32, backend: any Backend) -> Tensor {
    let tensor = Tensor(uninitialized: shape, dtype: dtype, backend: backend)
    backend.fill(tensor, with: 0)
    return tensor
  }

  /// Overwrites the elements. Only for tensors that no operator has read yet, and for parameters between steps.
  public func set<Value: BinaryFloatingPoint>(_ values: [Value]) {
    precondition(values.count == count, "\(values.count) values for shape \(shape)")
    switch dtype {
    // A cast of arrays looks at every element; their types are known.
    case .float32: write(Value.self == Float.self ? unsafeBitCast(values, to: [Float].self) : values.map { Float($0) })
    case .float64:
      write(Value.self == Double.self ? unsafeBitCast(values, to: [Double].self) : values.map { Double($0) })
    case .bfloat16: write(values.map { BFloat16.bits(Float($0)) })
    }
  }

  private func write<Element>(_ elements: [Element]) {
    elements.withUnsafeBytes { backend.upload($0, to: storage, byteOffset: offset * dtype.byteCount) }
  }

  /// The elements in row-major order, as float32.
  public func floats() -> [Float] {
    switch dtype {
    case .float32: return read(zero: Float(0))
    case .float64: return read(zero: Double(0)).map { Float($0) }
    case .bfloat16: return read(zero: UInt16(0)).map { BFloat16.float($0) }
    }
  }

  /// The elements in row-major order, as float64.
  public func doubles() -> [Double] {
    switch dtype {
    case .float32: return read(zero: Float(0)).map { Double($0) }
    case .float64: return read(zero: Double(0))
    case .bfloat16: return read(zero: UInt16(0)).map { Double(BFloat16.float($0)) }
    }
  }

  /// The only element of a scalar.
  public func item() -> Double {
    precondition(count == 1, "item() of a tensor of shape \(shape)")
    return doubles()[0]
  }

  private func read<Element>(zero: Element) -> [Element] {
    var elements = [Element](repeating: zero, count: count)
    elements.withUnsafeMutableBytes { backend.download(storage, byteOffset: offset * dtype.byteCount, to: $0) }
    return elements
  }
}

extension Tensor {
  /// Calls `body` with the bytes of the elements, from first to last: all at once where they are in host memory, else
  /// copies of at most `byteLimit` bytes.
  public func forEachHostPiece(
    byteLimit: Int = 64 << 20, _ body: (UnsafeRawBufferPointer) throws -> Void
  ) rethrows {
    if let elements = hostElements { return try body(UnsafeRawBufferPointer(elements)) }
    try forEachPiece(byteLimit) { piece, byteOffset in
      backend.download(storage, byteOffset: byteOffset, to: piece)
      try body(UnsafeRawBufferPointer(piece))
    }
  }

  /// Makes the elements what `body` leaves in the bytes that it is called with: the tensor's own where they are in host
  /// memory, else pieces of at most `byteLimit` bytes, from first to last, which are then copied to where they belong.
  ///
  /// - Parameter reads: whether `body` is to find the elements in the bytes.
  public func updateHostPieces(
    byteLimit: Int = 64 << 20, reads: Bool = false, _ body: (UnsafeMutableRawBufferPointer) throws -> Void
  ) rethrows {
    if let elements = hostElements { return try body(UnsafeMutableRawBufferPointer(elements)) }
    try forEachPiece(byteLimit) { piece, byteOffset in
      if reads { backend.download(storage, byteOffset: byteOffset, to: piece) }
      try body(piece)
      backend.upload(UnsafeRawBufferPointer(piece), to: storage, byteOffset: byteOffset)
    }
  }

  /// Calls `body` with all elements of a float32 tensor, where they are or in a copy of them.
  public func withHostElements<Result>(_ body: (UnsafeBufferPointer<Float>) throws -> Result) rethrows -> Result {
    if let elements = hostElements { return try body(UnsafeBufferPointer(elements)) }
    return try floats().withUnsafeBufferPointer(body)
  }

  private func forEachPiece(
    _ byteLimit: Int, _ body: (_ piece: UnsafeMutableRawBufferPointer, _ byteOffset: Int) throws -> Void
  ) rethrows {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: min(byteLimit, byteCount), alignment: 64)
    defer { buffer.deallocate() }
    for start in stride(from: 0, to: byteCount, by: byteLimit) {
      let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(byteLimit, byteCount - start)])
      try body(piece, offset * dtype.byteCount + start)
    }
  }
}
