import TensorCore
import Testing

@testable import CUDAWorker

/// Rows with a vector, against the CPU worker in the same format, to the bit: widths that are vectors and that are not,
/// more columns than a block has threads, more rows than blocks.
@Suite struct RowVectorTests {
  static let shapes: [(rows: Int, columns: Int, offsets: [Int])] = [
    (1, 1, [0, 0, 0]), (3, 5, [0, 0, 0]), (7, 768, [0, 0, 0]), (5, 768, [0, 4, 8]), (4, 768, [1, 0, 0]),
    (5, 1030, [0, 0, 0]), (301, 1, [0, 0, 0]), (2, 2052, [4, 8, 12]), (2, 2052, [0, 1, 0]), (77, 12, [0, 0, 0]),
    (9, 300, [0, 0, 3]),
  ]
  private typealias Kernel = @Sendable (any Backend, _ x: Tensor, _ v: Tensor, _ result: Tensor) -> Void
  private static let kernels: [(name: String, isAlongRows: Bool, run: Kernel)] = [
    ("addSuffix", true, { $0.addSuffix($2, to: $1, into: $3) }),
    ("addColumn", false, { $0.addColumn($2, to: $1, into: $3) }),
    ("scaleRows", false, { $0.scaleRows(of: $1, by: $2, into: $3) }),
    ("compareAtLeast", false, { $0.compareAtLeast($1, column: $2, into: $3) }),
  ]

  @Test(arguments: kernels.indices, [DType.float32, .float64]) func rows(index: Int, dtype: DType) throws {
    let (name, isAlongRows, run) = Self.kernels[index]
    try EmulatedGPU.run { gpu in
      for (rows, columns, offsets) in Self.shapes {
        let width = isAlongRows ? columns : rows
        let xs = KernelInput.normal(rows * columns, dtype)
        let vs = KernelInput.normal(width, dtype, seed: 2)
        let x = GuardedTensor(xs, shape: [rows, columns], dtype: dtype, offset: offsets[0])
        let v = GuardedTensor(vs, shape: [width], dtype: dtype, offset: offsets[1])
        let y = GuardedTensor(shape: [rows, columns], dtype: dtype, offset: offsets[2])
        run(gpu, x.tensor, v.tensor, y.tensor)
        let expected = KernelInput.hostResult([rows, columns], dtype: dtype)
        run(
          KernelInput.cpu, KernelInput.host(xs, shape: [rows, columns], dtype: dtype),
          KernelInput.host(vs, dtype: dtype), expected)
        expectSame(y.doubles(), expected.doubles(), "\(name) of \(rows)×\(columns) from \(offsets)")
        run(gpu, x.tensor, v.tensor, x.tensor)
        expectSame(x.doubles(), expected.doubles(), "\(name) of \(rows)×\(columns) in place")
        expectSame(v.doubles(), vs)
      }
    }
  }

  /// A suffix of several axes, no rows at all, and what is no number or none at all.
  @Test func edges() throws {
    try EmulatedGPU.run { gpu in
      let x = EmulatedGPU.tensor((0..<24).map { Double($0) }, shape: [2, 3, 4])
      let y = EmulatedGPU.poisoned([2, 3, 4])
      gpu.addSuffix(EmulatedGPU.tensor((0..<12).map { Double($0) }, shape: [3, 4]), to: x, into: y)
      #expect(y.doubles() == (0..<24).map { Double($0 + $0 % 12) })
      let none = EmulatedGPU.tensor([Double](), shape: [0, 4])
      gpu.addSuffix(EmulatedGPU.tensor([1.0, 2, 3, 4]), to: none, into: none)
      let wide: [Double] = [.nan, .infinity, -.infinity, 1]
      let result = EmulatedGPU.poisoned([2, 4])
      gpu.compareAtLeast(
        EmulatedGPU.tensor(wide + wide, shape: [2, 4]), column: EmulatedGPU.tensor([1, Double.infinity]), into: result)
      #expect(result.doubles() == [0, 1, 0, 1, 0, 1, 0, 0])
    }
  }

  /// Threads go on to further rows where there are more than blocks along y.
  @Test func moreRowsThanBlocks() throws {
    try EmulatedGPU.run { gpu in
      let (rows, columns) = (23, 12)
      let xs = KernelInput.normal(rows * columns, .float32)
      let (x, v) = (
        EmulatedGPU.tensor(xs, shape: [rows, columns]), EmulatedGPU.tensor((0..<rows).map { Double($0) })
      )
      for (isAligned, across) in [(true, 3), (false, 12)] {
        let y = EmulatedGPU.poisoned([rows, columns])
        var shape = LaunchShape(blocks: 1, threads: 2 * across)
        shape.blocks.y = 2
        gpu.launch(
          "add_column_f32", shape,
          [
            .tensor(x), .tensor(v), .tensor(y), .count(rows), .count(columns), .int32(Int32(across)),
            .int32(isAligned ? 1 : 0),
          ])
        #expect(y.floats() == xs.indices.map { Float(xs[$0]) + Float($0 / columns) })
      }
    }
  }
}
