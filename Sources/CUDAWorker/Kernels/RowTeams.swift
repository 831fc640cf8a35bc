import CNVIDIA
import TensorCore

/// How threads share out rows to a kernel that takes a number of lanes: a power of two of threads a row inside a warp,
/// or a block for each long row. Depends on the sizes alone, for so do sums.
struct RowTeams {
  let lanes: Int
  /// Into how many a long row is cut, each for a block of its own; 1 unless said otherwise.
  private(set) var parts = 1
  private(set) var shape: LaunchShape

  /// - Parameter columns: of a row, in what a thread handles at once.
  init(rows: Int, columns: Int) {
    self.init(rows: rows, columns: columns, atMost: columns > 4096 ? 1024 : columns > 512 ? 256 : 32)
  }

  init(rows: Int, columns: Int, atMost most: Int) {
    lanes = min(most, columns.roundedUpToPowerOfTwo)
    let threads = max(256, lanes)
    shape = LaunchShape(blocks: rows.partCount(of: threads / lanes), threads: threads)
  }

  /// Where a row need not stay with one block: of rows of more than `turnsOfPart` places for a lane every part has a
  /// block.
  ///
  /// Few rows of any length fill a GPU so: 1,024 of 64,000 vectors make 32,000 blocks rather than 256.
  static func sharing(rows: Int, columns: Int, atMost most: Int) -> RowTeams {
    var teams = RowTeams(rows: rows, columns: columns, atMost: most)
    teams.parts = max(1, columns.partCount(of: teams.lanes * turnsOfPart))
    teams.shape.blocks.x *= teams.parts
    return teams
  }

  /// `turns_of_part` of indexing.cu.
  private static let turnsOfPart = 8

  var argument: KernelArgument { .int32(Int32(lanes)) }
  /// Of kernels that share rows: lanes and parts.
  var sharingArguments: [KernelArgument] { [argument, .int32(Int32(parts))] }
}

extension Int {
  /// How many parts of `size` this many make, the last perhaps not full.
  func partCount(of size: Int) -> Int { (self + size - 1) / size }

  /// 1 for all numbers below 2.
  var roundedUpToPowerOfTwo: Int { self < 2 ? 1 : 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount) }
}

extension Tensor {
  /// Elements that a kernel reads at once from rows of `columns`: 16 bytes where all rows begin at multiples of that.
  func vectorLength(columns: Int) -> Int {
    let isAligned = device % 16 == 0 && columns * dtype.byteCount % 16 == 0
    return isAligned ? 16 / dtype.byteCount : 1
  }

  /// The same where rows of another tensor of the format are read beside it.
  func vectorLength(columns: Int, with other: Tensor) -> Int {
    min(vectorLength(columns: columns), other.vectorLength(columns: columns))
  }
}

extension CUDABackend {
  /// Queues a kernel on the rows of x, whose last arguments are rows, columns and lanes.
  func launchRows(_ kernel: String, _ x: Tensor, vector: Int = 1, _ arguments: [KernelArgument]) {
    let teams = RowTeams(rows: x.rowCount, columns: x.columnCount.partCount(of: vector))
    launch(
      "\(kernel)_\(x.dtype.suffix)", teams.shape,
      arguments + [.count(x.rowCount), .count(x.columnCount), teams.argument])
  }
}

extension KernelArgument {
  /// A number in the format of x.
  static func real(_ value: Double, like x: Tensor) -> KernelArgument {
    x.dtype == .float64 ? .double(value) : .float(Float(value))
  }
}
