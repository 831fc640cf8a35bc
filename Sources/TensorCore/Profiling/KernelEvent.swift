#if canImport(Glibc)
  import Glibc
#endif

/// What a profile calls the kernels of `Backend`.
public enum Kernel: String, Sendable, CaseIterable {
  case upload, download
  case fill, copy, convert, addScaled, add, subtract, multiply, apply, applyDerivative, quickGELUBackward
  case addSuffix, addColumn, scaleRows, maskedFill, compareAtLeast
  case sum, countPositive, rowSums, rowDots, columnSums, sumAxis, sumOfSquares, allFinite
  case product = "product a·b"
  case productWithTransposed = "product a·bᵀ"
  case productOfTransposed = "product aᵀ·b"
  case productOfTransposes = "product aᵀ·bᵀ"
  case repeatRow, transpose
  case layerNorm, normalize, layerNormBackward, unitRows, unitRowsBackward
  case softmax, softmaxBackward, logSoftmax, logSoftmaxBackward
  case attention, attentionBackward
  case gatherRows, scatterAddRows, gatherColumns, scatterAddColumns, sortRows
  case patches
  case fillUniform, fillNormal
  case adamW
}

extension Kernel {
  /// The product of two operands that are read as they are stored, or transposed.
  static func product(_ a: MatrixOperand, _ b: MatrixOperand) -> Kernel {
    switch (a.isTransposed, b.isTransposed) {
    case (false, false): .product
    case (false, true): .productWithTransposed
    case (true, false): .productOfTransposed
    case (true, true): .productOfTransposes
    }
  }

  public var isProduct: Bool {
    switch self {
    case .product, .productWithTransposed, .productOfTransposed, .productOfTransposes: true
    default: false
    }
  }
}

/// The sizes of a kernel's work: rows × columns, `inner` of a product or keys of an attention, and how often.
public struct KernelShape: Sendable, Hashable {
  public var rows: Int
  public var columns: Int
  public var inner = 0
  public var batch = 1

  public init(rows: Int, columns: Int, inner: Int = 0, batch: Int = 1) {
    (self.rows, self.columns, self.inner, self.batch) = (rows, columns, inner, batch)
  }

  init(_ x: Tensor) { self.init(rows: x.rowCount, columns: x.columnCount) }

  /// A size that differs from batch to batch, where calls of one kind are put together.
  static let any = -1
}

extension KernelShape: CustomStringConvertible {
  /// `2200×768`, `2200×768×3072` with an inner size, `44·50×50×64` for a batch; `n` for any size.
  public var description: String {
    let text = { (size: Int) in size == KernelShape.any ? "n" : "\(size)" }
    return (batch == 1 ? "" : text(batch) + "·") + text(rows) + "×" + text(columns)
      + (inner == 0 ? "" : "×" + text(inner))
  }
}

/// One call of a kernel.
public struct KernelEvent: Sendable {
  public var kernel: Kernel
  /// Of the result; of a product of its operands.
  public var dtype: DType
  public var shape: KernelShape
  /// Nanoseconds of `ProfileClock`.
  public var start: Int
  public var duration: Int
  /// Multiplications and additions of products and attention; 0 for kernels that memory holds up.
  public var floatingOperationCount: Int
  /// Bytes of the operands read and the results written, each once.
  public var byteCount: Int
  /// Whether the thread that made the profile called it.
  public var isOnMainThread: Bool
}

/// The clock of profiles: it never jumps.
public enum ProfileClock {
  public static func nanoseconds() -> Int {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return now.tv_sec * 1_000_000_000 + now.tv_nsec
  }
}
