import NeuralNetworks
import Optimization
import TensorCore

/// A copy of what a checkpoint holds, which stays as it is while the steps go on.
///
/// It takes 12 bytes a parameter of host memory, once, from the start of a run: a run that has not enough finds out
/// then, and no save waits for pages.
// @unchecked: one thread writes (`take`) and one reads (`contents`); `CheckpointSaver` lets them do so in turns.
final class CheckpointSnapshot: @unchecked Sendable {
  private let memory: UnsafeMutableBufferPointer<Float>
  private let places: [CheckpointContents.Place]
  private let count: Int
  private var taken: (state: RunState, updateCount: Int)?

  init(_ arena: ParameterArena) {
    count = arena.values.count
    places = CheckpointContents.Place.all(in: arena)
    memory = .allocate(capacity: 3 * count)
    memory.initialize(repeating: 0)
  }

  deinit { memory.deallocate() }

  /// Copies weights and moments; throws where the worker that had them has failed.
  func take(_ state: RunState, arena: ParameterArena, optimizer: AdamW) throws {
    for (index, tensor) in [arena.values, optimizer.firstMoment, optimizer.secondMoment].enumerated() {
      var rest = UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: memory[part(index)]))
      tensor.forEachHostPiece { piece in
        rest.copyMemory(from: piece)
        rest = UnsafeMutableRawBufferPointer(rebasing: rest[piece.count...])
      }
    }
    try arena.values.backend.throwIfFailed()
    taken = (state, optimizer.stepCount)
  }

  /// What was taken last.
  var contents: CheckpointContents {
    guard let taken else { preconditionFailure("no snapshot was taken") }
    func array(_ index: Int) -> UnsafeBufferPointer<Float> { .init(rebasing: memory[part(index)]) }
    return CheckpointContents(
      state: taken.state, updateCount: taken.updateCount, places: places, weights: array(0), firstMoment: array(1),
      secondMoment: array(2))
  }

  private func part(_ index: Int) -> Range<Int> { index * count..<(index + 1) * count }
}
