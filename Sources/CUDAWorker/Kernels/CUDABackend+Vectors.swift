import CNVIDIA
import TensorCore

// Launches of the kernels that move vectors of 16 bytes (vectors.cuh).

extension CUDABackend {
  /// Threads of a block: `block_threads` of vectors.cuh.
  static let vectorThreads = 256
  /// Accesses of 16 bytes that a thread has under way.
  private static let accesses = 4

  /// Queues a kernel that goes once over `operands`, element for element, in vectors (`over_elements`).
  ///
  /// - Parameters:
  ///   - reads: how many operands it reads; 1 where it reads none.
  ///   - arguments: its parameters but the last two, which are where the vectors begin and how many elements there are.
  func launch(_ kernel: String, over operands: [Tensor], reads: Int, _ arguments: [KernelArgument]) {
    let count = operands[0].count
    precondition(operands.allSatisfy { $0.count == count }, "\(kernel) over \(operands)")
    let length = CUDABackend.vectorLength(operands)
    let head = CUDABackend.elementsBeforeVectors(operands, length: length)
    let perBlock = CUDABackend.vectorThreads * length * (CUDABackend.accesses / reads)
    launch(
      kernel, LaunchShape(blocks: (count + perBlock - 1) / perBlock, threads: CUDABackend.vectorThreads),
      arguments + [.count(head), .count(count)])
  }

  /// Elements of a vector that fills an access of the widest of these formats.
  private static func vectorLength(_ operands: [Tensor]) -> Int {
    KernelArgument.accessByteCount / operands.reduce(1) { max($0, $1.dtype.byteCount) }
  }

  /// The fewest elements after which every operand is aligned for vectors; all elements where no number of them is.
  private static func elementsBeforeVectors(_ operands: [Tensor], length: Int) -> Int {
    let count = operands[0].count
    return (0..<min(length, count)).first { head in
      operands.allSatisfy {
        let byteCount = $0.dtype.byteCount
        return ($0.device + CUdeviceptr(head * byteCount)) % CUdeviceptr(length * byteCount) == 0
      }
    } ?? count
  }
}

extension KernelArgument {
  /// The longest access of a thread, in bytes.
  static let accessByteCount = 16

  /// A number in the format that kernels of `dtype` compute in.
  static func number(_ value: Double, of dtype: DType) -> KernelArgument {
    dtype == .float64 ? .double(value) : .float(Float(value))
  }
}

extension DType {
  /// The end of a kernel's name that there is in float32 and float64 alone.
  var floatSuffix: String {
    precondition(self != .bfloat16, "a kernel without bfloat16")
    return suffix
  }
}
