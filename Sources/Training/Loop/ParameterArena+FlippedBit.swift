import NeuralNetworks

extension ParameterArena {
  /// What a faulty memory does to a weight, for the failpoint `weight.flipped`: the last bit of the first one's mantissa
  /// is the other one.
  func flipWeightBit() {
    let first = values.slice(at: 0, shape: [1])
    first.set([Float(bitPattern: first.floats()[0].bitPattern ^ 1)])
    refreshOperands()
  }
}
