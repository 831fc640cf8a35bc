import Randomness
import TensorCore

/// All parameters of a network in one piece of memory, and their gradients in another, in the order of the visit.
///
/// So one allreduce, one hash, one broadcast and one pass of the optimiser see plain arrays, and a backward pass
/// writes gradients to where the allreduce reads them.
public final class ParameterArena: @unchecked Sendable {
  public struct Entry: Sendable {
    public let name: String
    public let parameter: Parameter
    /// Where the parameter's elements are in `values` and `gradients`.
    public let range: Range<Int>
  }

  public let entries: [Entry]
  public let values: Tensor
  public let gradients: Tensor
  /// The values in the format of products, where that is another one, at the same places; `refreshOperands()` and the
  /// optimiser write it.
  public let operands: Tensor?
  private let byName: [String: Int]
  /// In the order of `entries`.
  private let slots: [GradientSlot]

  /// Elements between the starts of two parameters are a multiple of this: 64 bytes of float32.
  private static let alignment = 16

  /// Gives every parameter of `module` its memory and its starting values, which depend on (seed, name) alone.
  ///
  /// - Parameter operandFormat: the format in which matrices are multiplied; nil for that of the values.
  public init(
    _ module: any Module, seed: UInt64, dtype: DType = .float32, operandFormat: DType? = nil, backend: any Backend
  ) {
    var visitor = ParameterVisitor()
    module.visitParameters(&visitor)
    var end = 0
    var entries: [Entry] = []
    for (name, parameter) in visitor.found {
      entries.append(Entry(name: name, parameter: parameter, range: end..<(end + parameter.count)))
      end += (parameter.count + Self.alignment - 1) / Self.alignment * Self.alignment
    }
    self.entries = entries
    byName = Dictionary(uniqueKeysWithValues: entries.enumerated().map { ($1.name, $0) })
    values = Tensor.zeros([end], dtype: dtype, backend: backend)
    gradients = Tensor.zeros([end], dtype: dtype, backend: backend)
    operands = operandFormat.flatMap { format in
      format == dtype ? nil : Tensor(uninitialized: [end], dtype: format, backend: backend)
    }
    var slots: [GradientSlot] = []
    for entry in entries {
      let value = values.slice(at: entry.range.lowerBound, shape: entry.parameter.shape)
      let gradient = gradients.slice(at: entry.range.lowerBound, shape: entry.parameter.shape)
      let slot = GradientSlot(gradient)
      slots.append(slot)
      value.collectGradient(in: gradient, slot: slot)
      entry.parameter.initialization.fill(value, from: RandomStream(seed: seed, "parameter " + entry.name))
      let operand =
        entry.parameter.role == .matrix
        ? operands?.slice(at: entry.range.lowerBound, shape: entry.parameter.shape) : nil
      operand?.collectGradient(in: gradient, slot: slot)
      entry.parameter.bind(value, operand: operand)
    }
    self.slots = slots
    refreshOperands()
  }

  /// Makes the operands anew from the values; for whoever has written those.
  public func refreshOperands() {
    if let operands { values.backend.convert(values, into: operands) }
  }

  public subscript(name: String) -> Parameter? { byName[name].map { entries[$0].parameter } }

  public var parameterCount: Int { entries.reduce(0) { $0 + $1.range.count } }

  /// Begins a step: what the gradients hold does not count any more. `settleGradients` ends it.
  public func emptyGradients() {
    for slot in slots { slot.empty() }
  }

  /// Zeroes the gradients to which no backward pass has added since `emptyGradients`, but for those of `coming`, which a
  /// pass is about to reach.
  public func settleGradients(butNot coming: [Variable] = []) {
    let reached = Set(coming.compactMap { $0.slot.map(ObjectIdentifier.init) })
    for slot in slots where !reached.contains(ObjectIdentifier(slot)) { slot.settle() }
  }

  public func zeroGradients() {
    emptyGradients()
    settleGradients()
  }
}

extension Initialization {
  fileprivate func fill(_ value: Tensor, from stream: RandomStream) {
    switch self {
    case .constant(let number): value.backend.fill(value, with: number)
    case .normal(let deviation): value.backend.fillNormal(value, from: stream, deviation: deviation)
    case .uniform(let bound): value.backend.fillUniform(value, from: stream, low: -bound, high: bound)
    }
  }
}
