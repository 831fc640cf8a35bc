import CNVIDIA
import TensorCore

/// One argument of a kernel, of the type that its source declares.
public enum KernelArgument: Sendable {
  /// Any pointer; 0 is null.
  case pointer(CUdeviceptr)
  /// int
  case int32(Int32)
  /// long
  case int64(Int64)
  case float(Float)
  case double(Double)

  static func tensor(_ x: Tensor?) -> KernelArgument { .pointer(x?.device ?? 0) }
  static func indices(_ x: IndexTensor) -> KernelArgument { .pointer(x.device) }
  static func count(_ n: Int) -> KernelArgument { .int64(Int64(n)) }

  /// The value in the low bytes of a word.
  var bits: UInt64 {
    switch self {
    case .pointer(let pointer): pointer
    case .int32(let number): UInt64(UInt32(bitPattern: number))
    case .int64(let number): UInt64(bitPattern: number)
    case .float(let number): UInt64(number.bitPattern)
    case .double(let number): number.bitPattern
    }
  }
}

/// Blocks of a launch, and threads of a block, along x, y, z.
public struct LaunchShape: Sendable, Equatable {
  public var blocks: (x: Int, y: Int, z: Int)
  public var threads: Int
  public var sharedByteCount = 0

  public init(blocks: Int, threads: Int, sharedByteCount: Int = 0) {
    self.blocks = (blocks, 1, 1)
    self.threads = threads
    self.sharedByteCount = sharedByteCount
  }

  public static func == (a: LaunchShape, b: LaunchShape) -> Bool {
    a.blocks == b.blocks && a.threads == b.threads && a.sharedByteCount == b.sharedByteCount
  }
}

extension DType {
  /// The end of a kernel's name: `add_f32`.
  var suffix: String {
    switch self {
    case .float32: "f32"
    case .float64: "f64"
    case .bfloat16: "bf16"
    }
  }
}
