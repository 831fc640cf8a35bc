import TensorCore
import Testing

@testable import CUDAWorker

/// Transposes and repeated rows move numbers and change none.
@Suite struct TransposeTests {
  static let formats: [DType] = [.float32, .float64, .bfloat16]

  @Test(arguments: formats, [(1, 1, 1), (1, 3, 200), (3, 65, 66), (2, 64, 128), (5, 1, 70), (2, 72, 8), (1, 67, 131)])
  func exchangesTheLastTwoAxes(_ dtype: DType, _ size: (batch: Int, rows: Int, columns: Int)) throws {
    let (batch, rows, columns) = size
    try EmulatedGPU.run { backend in
      let values = (0..<batch * rows * columns).map { Double($0 % 251) }
      let x = EmulatedGPU.tensor(values, shape: [batch, rows, columns], dtype: dtype)
      let y = EmulatedGPU.poisoned([batch, columns, rows], dtype: dtype)
      backend.transpose(x, batch: batch, rows: rows, columns: columns, into: y)
      var expected = values
      for item in 0..<batch {
        for row in 0..<rows {
          for column in 0..<columns {
            expected[(item * columns + column) * rows + row] = values[(item * rows + row) * columns + column]
          }
        }
      }
      #expect(y.doubles() == expected)
    }
  }

  @Test(arguments: formats, [(1, 1), (7, 1), (1, 2050), (300, 3), (5, 64), (33, 768), (2, 5001)])
  func repeatsARow(_ dtype: DType, _ size: (rows: Int, columns: Int)) throws {
    let (rows, columns) = size
    try EmulatedGPU.run { backend in
      let row = (0..<columns).map { Double($0 % 239) }
      let result = EmulatedGPU.poisoned([rows, columns], dtype: dtype)
      backend.repeatRow(EmulatedGPU.tensor(row, dtype: dtype), into: result)
      #expect(result.doubles() == Array([[Double]](repeating: row, count: rows).joined()))
    }
  }

  /// Elements that begin in the middle of 16 bytes.
  @Test(arguments: formats, [1, 2, 3])
  func movesWhatIsNotAligned(_ dtype: DType, _ offset: Int) throws {
    try EmulatedGPU.run { backend in
      let values = (0..<16 * 24).map { Double($0 % 251) }
      let stored = EmulatedGPU.tensor([Double](repeating: -1, count: offset) + values, dtype: dtype)
      let x = stored.part([16, 24], at: offset)
      let y = EmulatedGPU.poisoned([offset + 24 * 16], dtype: dtype).part([24, 16], at: offset)
      backend.transpose(x, batch: 1, rows: 16, columns: 24, into: y)
      let exchanged = (0..<24 * 16).map { (place: Int) in values[place % 16 * 24 + place / 16] }
      #expect(y.doubles() == exchanged)
      let target = EmulatedGPU.poisoned([offset + 3 * 48 + 1], dtype: dtype)
      backend.repeatRow(stored.part([48], at: offset), into: target.part([3, 48], at: offset))
      let expected = Array([[Double]](repeating: Array(values.prefix(48)), count: 3).joined())
      let found = target.doubles()
      #expect(Array(found[offset..<offset + 144]) == expected)
      #expect(found.prefix(offset).allSatisfy { $0.isNaN } && found.last!.isNaN)
    }
  }
}

extension Tensor {
  /// The elements from `place` on, in another shape.
  func part(_ shape: [Int], at place: Int) -> Tensor {
    Tensor(shape: shape, dtype: dtype, backend: backend, storage: storage, offset: offset + place)
  }
}
