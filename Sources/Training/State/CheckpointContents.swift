import CVectorKernels
import Checkpointing
import Faults
import NeuralNetworks

/// What the checkpoint of a step holds, in host memory: the state, and weights and both moments in the arena's order.
struct CheckpointContents {
  /// Where a tensor is in each of the three arrays.
  struct Place: Sendable {
    var name: String
    var shape: [Int]
    var range: Range<Int>

    static func all(in arena: ParameterArena) -> [Place] {
      arena.entries.map { Place(name: $0.name, shape: $0.parameter.shape, range: $0.range) }
    }
  }

  var state: RunState
  /// Updates that the optimiser has done.
  var updateCount: Int
  var places: [Place]
  var weights: UnsafeBufferPointer<Float>
  var firstMoment: UnsafeBufferPointer<Float>
  var secondMoment: UnsafeBufferPointer<Float>

  /// Throws `Fault(.notFinite)`, with the tensor's name, where an element is NaN or infinite: such a checkpoint must not
  /// take the place of a good one.
  func requireFinite() throws {
    let arrays = [("", weights), ("first.", firstMoment), ("second.", secondMoment)]
    for (prefix, array) in arrays {
      for place in places {
        let part = UnsafeBufferPointer(rebasing: array[place.range])
        guard vk_all_finite(Int32(VK_FLOAT32), part.baseAddress, part.count) != 0 else {
          throw Fault(
            .notFinite, "The tensor \(prefix)\(place.name) is not finite after step \(state.step), so it is not saved",
            at: "checkpoint of step \(state.step)",
            remedy: "Go on from the last checkpoint, with a lower optimizer.learning_rate")
        }
      }
    }
  }

  /// The tensors of one of the arrays; they are looked at while they are written.
  func tensors(of array: UnsafeBufferPointer<Float>, prefix: String) -> [SafetensorsWriter.Tensor] {
    places.map { place in
      SafetensorsWriter.Tensor(
        name: prefix + place.name, type: .float32, shape: place.shape,
        bytes: UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: array[place.range])))
    }
  }
}
