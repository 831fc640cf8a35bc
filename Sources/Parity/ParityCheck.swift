import Faults
import NeuralNetworks
import SGMNModel
import TensorCore

/// One forward and backward pass on a fixture, held against the reference's numbers.
public struct ParityCheck {
  /// What a number is, which decides how near it must be.
  public enum Kind: String, Sendable, CaseIterable {
    case loss, output, gradient
  }

  /// The numbers that the model is computed with, which decides how near to the reference it must be (docs/model.md,
  /// "Agreement with the reference").
  public enum Precision: String, Sendable, CaseIterable {
    case float32, float64
    /// Products of bfloat16 operands.
    case bf16

    /// Relative errors in the L2 norm; of an output or gradient in bf16, what its cosine with the reference lacks to 1,
    /// or what its length lacks or has too much, in units of `lengthTolerance`: whichever is worse.
    public func tolerance(_ kind: Kind) -> Double {
      switch self {
      case .float32, .float64: kind == .loss ? 1e-5 : 1e-4
      case .bf16: kind == .loss ? 2e-2 : 5e-3
      }
    }

    /// |‖ours‖ / ‖reference‖ − 1| of an output or gradient in bf16.
    static let lengthTolerance = 5e-2
  }

  public struct Row: Sendable {
    public let kind: Kind
    public let name: String
    /// ‖ours − reference‖ / ‖reference‖ in the L2 norm, or in bf16 the greater of 1 − cosine and what the lengths
    /// differ by, as shares of their tolerances. A gradient that is less than a millionth of all gradients together is
    /// measured against that millionth, in bf16 against all. Infinite where a number is not finite.
    public let error: Double
    public let norm: Double
    public let tolerance: Double
    public var isWithinTolerance: Bool { error <= tolerance }
  }

  public let precision: Precision
  public let rows: [Row]
  public var holds: Bool { rows.allSatisfy(\.isWithinTolerance) }

  /// Runs the model on the fixture. Throws where the fixture's parameters are not those of its configuration.
  public init(_ fixture: Fixture, precision: Precision = .float32, backend: any Backend) throws {
    self.precision = precision
    let model = try SGMN(fixture.configuration)
    let dtype: DType = precision == .float64 ? .float64 : .float32
    let arena = ParameterArena(
      model, seed: 0, dtype: dtype, operandFormat: precision == .bf16 ? .bfloat16 : nil, backend: backend)
    try ParityCheck.load(fixture, into: arena)
    let output = model(fixture.batch, dtype: dtype, backend: backend)
    guard let total = output.total else { throw Fault(.internalError, "The model has no loss") }
    total.backward()

    let comparison = ParityComparison(precision: precision)
    var rows: [Row] = []
    for (name, value) in output.losses + [("total", total)] {
      rows.append(try comparison.row(.loss, name, value.doubles(), fixture.floats("loss." + name)))
    }
    for (name, value) in ParityCheck.outputs(of: output) {
      let valid = name == "frames" ? fixture.batch.mask : nil
      rows.append(
        try comparison.row(.output, name, value.doubles(), fixture.floats("output." + name), rows: valid))
    }
    self.rows = rows + (try ParityCheck.gradients(arena, fixture, comparison))
    try backend.throwIfFailed()
  }

  private static func load(_ fixture: Fixture, into arena: ParameterArena) throws {
    let (ours, theirs) = (Set(arena.entries.map(\.name)), Set(fixture.names("param.")))
    guard ours == theirs else {
      let difference = ours.symmetricDifference(theirs).sorted().joined(separator: ", ")
      throw Fault(.badData, "The parameters are not those of the configuration: \(difference)", at: fixture.path)
    }
    for entry in arena.entries {
      guard fixture.shape("param." + entry.name) == entry.parameter.shape else {
        throw Fault(.badData, "\(entry.name) is not of shape \(entry.parameter.shape)", at: fixture.path)
      }
      entry.parameter.value.set(try fixture.floats("param." + entry.name))
    }
    arena.refreshOperands()
  }

  private static func outputs(of output: SGMN.Output) -> [(String, Tensor)] {
    var all = [("image", output.image), ("clip", output.clip), ("frames", output.frames)]
    if let texts = output.texts { all += [("asr", texts.asr), ("title", texts.title)] }
    return all
  }

  private static func gradients(
    _ arena: ParameterArena, _ fixture: Fixture, _ comparison: ParityComparison
  ) throws -> [Row] {
    let expected = try arena.entries.map { try fixture.floats("grad." + $0.name) }
    let overall = ParityComparison.norm(expected.flatMap { $0 })
    return try zip(arena.entries, expected).map { entry, reference in
      guard let gradient = entry.parameter.value.gradient else { throw Fault(.internalError, "No gradient") }
      return comparison.gradientRow(entry.name, gradient.doubles(), reference, overall: overall)
    }
  }
}
