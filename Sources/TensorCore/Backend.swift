import Randomness

/// Memory of a backend. It goes back to the backend's pool when the last tensor over it is gone.
public protocol Storage: AnyObject, Sendable {
  var byteCount: Int { get }
}

/// What a worker must be able to compute. Operators (Operators/) are written once over it, with their gradients;
/// a backend supplies memory and kernels and never sees the graph of a backward pass.
///
/// Kernels write to `result` (or to what `into` names), whose shape the operator has already checked.
public protocol Backend: MemoryKernels, ElementwiseKernels, ReductionKernels, ProductKernels, NormalizationKernels,
  AttentionKernels, IndexingKernels, PixelKernels, RandomKernels, OptimizerKernels
{
  var kind: WorkerKind { get }
  /// A line for the log: device, library, instruction set.
  var summary: String { get }
  /// Whether products of bfloat16 operands are faster than those of float32.
  var hasBFloat16Products: Bool { get }
  /// Throws what has gone wrong since the start: a device that is out of memory or lost. Kernels do not throw; after a
  /// failure they compute nothing, so whoever reads a number, or lets other ranks go on, asks here first.
  func throwIfFailed() throws
}

extension Backend {
  public func throwIfFailed() {}
}

/// What a backend computes on.
public enum WorkerKind: String, Sendable, Codable, CaseIterable { case cpu, cuda }

/// A backend that counts the memory it takes.
public protocol MemoryCounting: AnyObject {
  /// Bytes that are held for tensors.
  var reservedByteCount: Int { get }
  /// The most of those that tensors had at one time.
  var peakLiveByteCount: Int { get }
}

public protocol MemoryKernels: AnyObject, Sendable {
  func allocate(byteCount: Int) -> any Storage
  func upload(_ bytes: UnsafeRawBufferPointer, to storage: any Storage, byteOffset: Int)
  func download(_ storage: any Storage, byteOffset: Int, to bytes: UnsafeMutableRawBufferPointer)
  /// Returns when all kernels so far have run: for clocks alone. Reading a tensor waits for it by itself.
  func synchronize()
}

extension MemoryKernels {
  public func synchronize() {}
}

/// A function of one number.
public enum UnaryFunction: Sendable {
  case relu
  case leakyReLU(slope: Double)
  /// x·σ(1.702x)
  case quickGELU
  /// x·Φ(x), with the exact normal distribution
  case gelu
  case sigmoid
  case exp
  case log
  case squareRoot
  case reciprocal
  case atLeast(Double)
  case affine(scale: Double, shift: Double)
}

/// In float32 and float64; fill, copy, convert, addScaled (between any two formats), add and QuickGELU with its
/// derivative in bfloat16 as well.
public protocol ElementwiseKernels: AnyObject, Sendable {
  func fill(_ x: Tensor, with value: Double)
  func copy(_ x: Tensor, into result: Tensor)
  /// The same numbers in the format of `result`.
  func convert(_ x: Tensor, into result: Tensor)
  /// y += a·x
  func addScaled(_ x: Tensor, by a: Double, to y: Tensor)
  func add(_ a: Tensor, _ b: Tensor, into result: Tensor)
  func subtract(_ a: Tensor, _ b: Tensor, into result: Tensor)
  func multiply(_ a: Tensor, _ b: Tensor, into result: Tensor)
  func apply(_ function: UnaryFunction, to x: Tensor, into result: Tensor)
  /// result = dy · f′(x), where y = f(x)
  func applyDerivative(of function: UnaryFunction, at x: Tensor, y: Tensor, to dy: Tensor, into result: Tensor)
  /// In one pass y = f(x) again and dx = dy · f′(x), f = QuickGELU; in any format, all four alike. dx may be dy.
  func quickGELUBackward(_ x: Tensor, dy: Tensor, into y: Tensor, dx: Tensor)
  /// b is repeated over the leading axes of x.
  func addSuffix(_ b: Tensor, to x: Tensor, into result: Tensor)
  /// result[r, c] = x[r, c] + v[r]
  func addColumn(_ v: Tensor, to x: Tensor, into result: Tensor)
  /// result[r, c] = x[r, c] · v[r]
  func scaleRows(of x: Tensor, by v: Tensor, into result: Tensor)
  /// `value` where mask is not 0, x elsewhere
  func maskedFill(_ x: Tensor, where mask: Tensor, with value: Double, into result: Tensor)
  /// 1 where x[r, c] ≥ v[r], else 0
  func compareAtLeast(_ x: Tensor, column v: Tensor, into result: Tensor)
}

public protocol ReductionKernels: AnyObject, Sendable {
  func sum(_ x: Tensor, into result: Tensor)
  func countPositive(_ x: Tensor, into result: Tensor)
  func rowSums(_ x: Tensor, into result: Tensor)
  func rowDots(_ a: Tensor, _ b: Tensor, into result: Tensor)
  /// x as (rows, result.count): sums over the rows, added to `result` where `accumulate`. x may be bfloat16 where the
  /// result is float32.
  func columnSums(_ x: Tensor, into result: Tensor, accumulate: Bool)
  /// x as (outer, axis, inner): sums over the middle.
  func sumAxis(_ x: Tensor, outer: Int, axis: Int, inner: Int, into result: Tensor)
  func sumOfSquares(_ x: Tensor) -> Double
  func allFinite(_ x: Tensor) -> Bool
}

/// A matrix, or a batch of them, inside a tensor.
public struct MatrixOperand {
  public var tensor: Tensor
  public var isTransposed = false
  /// Elements from one stored row to the next.
  public var rowStride: Int
  /// Elements from one matrix to the next.
  public var batchStride = 0

  public init(_ tensor: Tensor, isTransposed: Bool = false, rowStride: Int, batchStride: Int = 0) {
    self.tensor = tensor
    self.isTransposed = isTransposed
    self.rowStride = rowStride
    self.batchStride = batchStride
  }
}

public protocol ProductKernels: AnyObject, Sendable {
  /// c = a·b, c = a·b + bias (one number a column), or c += a·b where `accumulate`; (rows × inner)·(inner × columns),
  /// `batch` times. Bias and `accumulate` exclude each other.
  ///
  /// Formats: all float32; all float64; or a and b bfloat16 with c bfloat16 or float32 and a float32 bias, where sums
  /// run in float32.
  func product(
    _ a: MatrixOperand, _ b: MatrixOperand, into c: MatrixOperand, bias: Tensor?, rows: Int, columns: Int, inner: Int,
    batch: Int, accumulate: Bool)
  /// Every row of `result` becomes b.
  func repeatRow(_ b: Tensor, into result: Tensor)
  /// The last two axes of x are exchanged: (batch, rows, columns) -> (batch, columns, rows).
  func transpose(_ x: Tensor, batch: Int, rows: Int, columns: Int, into result: Tensor)
}

public protocol NormalizationKernels: AnyObject, Sendable {
  /// In one pass sum = x + update (`sum` is x itself where there is no update) and result = norm(sum).
  ///
  /// Formats: x, gamma, beta, sum, mean and inverseDeviation alike, float32 or float64; update and result that format
  /// or, in float32, bfloat16.
  func layerNorm(
    _ x: Tensor, adding update: Tensor?, gamma: Tensor, beta: Tensor, epsilon: Double, sum: Tensor, into result: Tensor,
    mean: Tensor, inverseDeviation: Tensor)
  /// The result of `layerNorm` again, from what it left: γ·(x − mean)·inverseDeviation + β.
  func normalize(
    _ x: Tensor, gamma: Tensor, beta: Tensor, mean: Tensor, inverseDeviation: Tensor, into result: Tensor)
  /// dx = ∂/∂x + addend (nothing where there is none; it may be dx itself); dGamma and dBeta are added to. dy may be
  /// bfloat16 where the rest is float32.
  func layerNormBackward(
    _ x: Tensor, gamma: Tensor, mean: Tensor, inverseDeviation: Tensor, dy: Tensor, adding addend: Tensor?,
    into dx: Tensor, dGamma: Tensor, dBeta: Tensor)
  func unitRows(_ x: Tensor, epsilon: Double, into result: Tensor, lengths: Tensor)
  func unitRowsBackward(y: Tensor, lengths: Tensor, dy: Tensor, epsilon: Double, into dx: Tensor)
  func softmax(_ x: Tensor, into result: Tensor)
  func softmaxBackward(y: Tensor, dy: Tensor, into dx: Tensor)
  func logSoftmax(_ x: Tensor, into result: Tensor)
  func logSoftmaxBackward(y: Tensor, dy: Tensor, into dx: Tensor)
}

/// Rows of `width` columns, starting at `column`, of a tensor whose rows are `stride` elements apart.
public struct RowBlock {
  public var tensor: Tensor
  public var column: Int
  public var stride: Int

  public init(_ tensor: Tensor, column: Int = 0) {
    self.tensor = tensor
    self.column = column
    stride = tensor.columnCount
  }
}

public struct AttentionShape: Sendable {
  public var batch: Int
  public var heads: Int
  public var queries: Int
  public var keys: Int
  /// Of one head.
  public var width: Int
  /// Whether the bias has a matrix for every item of the batch, and a row for every query.
  public var biasHasBatch = false
  public var biasHasQueries = false

  public init(batch: Int, heads: Int, queries: Int, keys: Int, width: Int) {
    (self.batch, self.heads, self.queries, self.keys, self.width) = (batch, heads, queries, keys, width)
  }
}

public protocol AttentionKernels: AnyObject, Sendable {
  /// result = softmax(q·kᵀ/√width + bias)·v for every head of every item. Query, key, value and result have one format;
  /// where it is bfloat16, scores, softmax and sums are float32 and so is the bias.
  func attention(
    _ shape: AttentionShape, query: RowBlock, key: RowBlock, value: RowBlock, bias: Tensor?, into result: RowBlock)
  /// The probabilities are computed again: nothing but the operands is kept. dQuery, dKey and dValue are overwritten,
  /// dBias (float32 and float64 alone) is added to.
  func attentionBackward(
    _ shape: AttentionShape, query: RowBlock, key: RowBlock, value: RowBlock, bias: Tensor?, dy: RowBlock,
    dQuery: RowBlock, dKey: RowBlock, dValue: RowBlock, dBias: Tensor?)
}

/// Rows are gathered and added in any format, columns in float32 and float64.
public protocol IndexingKernels: AnyObject, Sendable {
  /// Row i of the result is row indices[i] of x, or zeros where that is -1.
  func gatherRows(of x: Tensor, at indices: IndexTensor, into result: Tensor)
  func scatterAddRows(of dy: Tensor, at indices: IndexTensor, to dx: Tensor)
  /// result[r, k] = x[r, indices[r, k]]
  func gatherColumns(of x: Tensor, at indices: IndexTensor, into result: Tensor)
  func scatterAddColumns(of dy: Tensor, at indices: IndexTensor, to dx: Tensor)
  /// The first columns of every row in descending order, equal values in the order of their columns.
  func sortRows(_ x: Tensor, into values: Tensor, indices: IndexTensor)
}

public protocol PixelKernels: AnyObject, Sendable {
  /// Pictures of `layout` -> (x/255 − mean)/deviation of their RGB bytes x, as rows of 3·patch·patch, one a patch. In any
  /// format.
  func patches(
    of bytes: UnsafeBufferPointer<UInt8>, layout: PixelLayout, images: Int, size: Int, patch: Int, mean: [Double],
    deviation: [Double], into result: Tensor)
  /// The same of those of `staged` that `range` names.
  func patches(
    of staged: any StagedPictures, _ range: Range<Int>, layout: PixelLayout, size: Int, patch: Int, mean: [Double],
    deviation: [Double], into result: Tensor)
  /// A way to bring pictures to where kernels read them while others run; nil where they read host memory.
  func makePictureStaging() -> (any PictureStaging)?
}

extension PixelKernels {
  public func patches(
    of staged: any StagedPictures, _ range: Range<Int>, layout: PixelLayout, size: Int, patch: Int, mean: [Double],
    deviation: [Double], into result: Tensor
  ) {
    staged.patches(range, layout: layout, size: size, patch: patch, mean: mean, deviation: deviation, into: result)
  }

  public func makePictureStaging() -> (any PictureStaging)? { nil }
}

public protocol RandomKernels: AnyObject, Sendable {
  /// The uniform numbers of a fresh stream, in low..<high, in the order of the elements.
  func fillUniform(_ x: Tensor, from stream: RandomStream, low: Double, high: Double)
  /// The normal numbers of a fresh stream, times `deviation`.
  func fillNormal(_ x: Tensor, from stream: RandomStream, deviation: Double)
}

/// The numbers of one AdamW update of a range of parameters.
public struct AdamWUpdate: Sendable {
  /// The gradient is multiplied by this first (clipping, averaging).
  public var gradientScale: Double
  public var rate: Double
  public var beta1: Double
  public var beta2: Double
  public var epsilon: Double
  public var decay: Double
  /// 1 − β₁ᵗ and 1 − β₂ᵗ.
  public var correction1: Double
  public var correction2: Double

  public init(
    gradientScale: Double, rate: Double, beta1: Double, beta2: Double, epsilon: Double, decay: Double,
    correction1: Double, correction2: Double
  ) {
    self.gradientScale = gradientScale
    self.rate = rate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.decay = decay
    self.correction1 = correction1
    self.correction2 = correction2
  }
}

public protocol OptimizerKernels: AnyObject, Sendable {
  /// One pass over weight, gradient and moments; `operand` (bfloat16), where there is one, becomes the new weight.
  func adamW(
    _ update: AdamWUpdate, weight: Tensor, gradient: Tensor, firstMoment: Tensor, secondMoment: Tensor,
    operand: Tensor?)
}
