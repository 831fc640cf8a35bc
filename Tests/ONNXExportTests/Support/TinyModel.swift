import NeuralNetworks
import Randomness
import SGMNModel
import TensorCore
import WeightFiles

let cpu = CPUBackend()

extension ModelConfiguration {
  /// Every part that inference uses, in milliseconds.
  static var tiny: ModelConfiguration {
    var c = ModelConfiguration()
    (c.resolution, c.patch, c.width, c.layers, c.heads, c.embedDim) = (8, 4, 12, 2, 2, 8)
    (c.frames, c.tmcLayers, c.tmcHeads) = (4, 2, 2)
    (c.textDim, c.textTokenDim, c.textGateHidden) = (6, 5, 4)
    (c.gci, c.smf) = (false, false)
    return c
  }

  /// With an encoder of its own for texts of at most five tokens.
  mutating func encodeTexts() {
    trainsText = true
    (textEncoder.vocabularySize, textEncoder.positions, textEncoder.tokens) = (11, 7, 5)
    (textEncoder.width, textEncoder.heads, textEncoder.layers, textEncoder.hidden) = (8, 2, 2, 10)
    (textEncoder.projection, textDim, textTokenDim) = (6, 6, 8)
  }

  func with(_ change: (inout ModelConfiguration) -> Void) -> ModelConfiguration {
    var c = self
    change(&c)
    return c
  }
}

/// A model with random weights, as a file of them would be.
struct RandomModel: WeightFile {
  let model: SGMN
  let arena: ParameterArena
  let path = "memory"
  let format = "arena"

  init(_ c: ModelConfiguration) throws {
    model = try SGMN(c)
    arena = ParameterArena(model, seed: 3, backend: cpu)
    // Those that start as 0 or 1 would hide that they are forgotten.
    for entry in arena.entries where [.bias, .norm].contains(entry.parameter.role) {
      var stream = RandomStream(seed: 3, "disturbance " + entry.name)
      entry.parameter.value.set(entry.parameter.value.doubles().map { $0 + 0.2 * stream.normal() })
    }
  }

  var shapes: [String: [Int]] {
    Dictionary(uniqueKeysWithValues: arena.entries.map { ($0.name, $0.parameter.shape) })
  }

  func floats(_ name: String) throws -> [Float] { arena[name]?.value.floats() ?? [] }
}
