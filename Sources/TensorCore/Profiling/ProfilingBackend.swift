import Randomness

/// Any backend, with a record of what its kernels take. Tensors made on it have it as their backend, so that every
/// operator on them is recorded; their memory is the other backend's.
public final class ProfilingBackend: Backend {
  /// The backend that computes.
  public let base: any Backend
  public let profile: KernelProfile

  public init(_ base: any Backend, profile: KernelProfile) {
    precondition(!(base is ProfilingBackend), "a profile of a profile")
    (self.base, self.profile) = (base, profile)
  }

  public var kind: WorkerKind { base.kind }
  public var summary: String { base.summary }
  public var hasBFloat16Products: Bool { base.hasBFloat16Products }

  public func throwIfFailed() throws { try base.throwIfFailed() }
  public func synchronize() { base.synchronize() }

  public func allocate(byteCount: Int) -> any Storage { base.allocate(byteCount: byteCount) }

  public func upload(_ bytes: UnsafeRawBufferPointer, to storage: any Storage, byteOffset: Int) {
    measure(.upload, .float32, KernelShape(rows: 1, columns: bytes.count / 4), byteCount: 2 * bytes.count) {
      base.upload(bytes, to: storage, byteOffset: byteOffset)
    }
  }

  public func download(_ storage: any Storage, byteOffset: Int, to bytes: UnsafeMutableRawBufferPointer) {
    measure(.download, .float32, KernelShape(rows: 1, columns: bytes.count / 4), byteCount: 2 * bytes.count) {
      base.download(storage, byteOffset: byteOffset, to: bytes)
    }
  }

  /// Runs a kernel, and records it where the profile wants it.
  @inline(__always)
  func measure<Result>(
    _ kernel: Kernel, _ dtype: DType, _ shape: @autoclosure () -> KernelShape, operations: @autoclosure () -> Int = 0,
    byteCount: @autoclosure () -> Int, _ body: () -> Result
  ) -> Result {
    guard profile.begins() else { return body() }
    let start = ProfileClock.nanoseconds()
    let result = body()
    base.synchronize()
    profile.record(kernel, dtype, shape(), start: start, operations: operations(), byteCount: byteCount())
    return result
  }

  /// The same for a kernel that goes once over `tensors`, of which `main` says the shape and the format.
  @inline(__always)
  func measure<Result>(
    _ kernel: Kernel, _ main: Tensor, over tensors: Tensor?..., body: () -> Result
  ) -> Result {
    measure(
      kernel, main.dtype, KernelShape(main), byteCount: tensors.reduce(main.byteCount) { $0 + ($1?.byteCount ?? 0) },
      body)
  }
}

extension ProfilingBackend {
  public func fillUniform(_ x: Tensor, from stream: RandomStream, low: Double, high: Double) {
    measure(.fillUniform, x) { base.fillUniform(x, from: stream, low: low, high: high) }
  }

  public func fillNormal(_ x: Tensor, from stream: RandomStream, deviation: Double) {
    measure(.fillNormal, x) { base.fillNormal(x, from: stream, deviation: deviation) }
  }

  public func patches(
    of bytes: UnsafeBufferPointer<UInt8>, layout: PixelLayout, images: Int, size: Int, patch: Int, mean: [Double],
    deviation: [Double], into result: Tensor
  ) {
    measure(.patches, result.dtype, KernelShape(result), byteCount: bytes.count + result.byteCount) {
      base.patches(
        of: bytes, layout: layout, images: images, size: size, patch: patch, mean: mean, deviation: deviation,
        into: result)
    }
  }

  public func patches(
    of staged: any StagedPictures, _ range: Range<Int>, layout: PixelLayout, size: Int, patch: Int, mean: [Double],
    deviation: [Double], into result: Tensor
  ) {
    let byteCount = range.count * layout.pictureByteCount(size: size) + result.byteCount
    measure(.patches, result.dtype, KernelShape(result), byteCount: byteCount) {
      base.patches(
        of: staged, range, layout: layout, size: size, patch: patch, mean: mean, deviation: deviation, into: result)
    }
  }

  public func makePictureStaging() -> (any PictureStaging)? { base.makePictureStaging() }

  public func adamW(
    _ update: AdamWUpdate, weight: Tensor, gradient: Tensor, firstMoment: Tensor, secondMoment: Tensor,
    operand: Tensor?
  ) {
    // Weight and moments are read and written.
    measure(
      .adamW, weight, over: weight, gradient, firstMoment, firstMoment, secondMoment, secondMoment, operand
    ) {
      base.adamW(
        update, weight: weight, gradient: gradient, firstMoment: firstMoment, secondMoment: secondMoment,
        operand: operand)
    }
  }
}
