import Faults
import NeuralNetworks
import SGMNModel
import TensorCore

/// One forward and backward pass on a fixture, held against the reference's numbers.
public struct ParityCheck {
  /// What a number is, which decides how near it must be.
  public enum Kind: String, Sendable, CaseIterable {
    case loss, output, gradient

    /// The largest relative error in float32 (docs/model.md, "Agreement with the reference").
    public var tolerance: Double { self == .loss ? 1e-5 : 1e-4 }
  }

  public struct Row: Sendable {
    public let kind: Kind
    public let name: String
    /// ‖ours − reference‖ / ‖reference‖ in the L2 norm; a gradient that is less than a millionth of all gradients
    /// together is measured against that millionth.
    public let error: Double
    public let norm: Double
    public var isWithinTolerance: Bool { error <= kind.tolerance }
  }

  public let rows: [Row]
  public var holds: Bool { rows.allSatisfy(\.isWithinTolerance) }

  /// Runs the model on the fixture. Throws where the fixture's parameters are not those of its configuration.
  public init(_ fixture: Fixture, dtype: DType = .float32, backend: any Backend) throws {
    let model = try SGMN(fixture.configuration)
    let arena = ParameterArena(model, seed: 0, dtype: dtype, backend: backend)
    try ParityCheck.load(fixture, into: arena)
    let output = model(fixture.batch, dtype: dtype, backend: backend)
    guard let total = output.total else { throw Fault(.internalError, "The model has no loss") }
    total.backward()

    var rows: [Row] = []
    for (name, value) in output.losses + [("total", total)] {
      rows.append(try ParityCheck.compare(.loss, name, value.doubles(), fixture.floats("loss." + name)))
    }
    for (name, value) in ParityCheck.outputs(of: output) {
      let valid = name == "frames" ? fixture.batch.mask : nil
      rows.append(
        try ParityCheck.compare(.output, name, value.doubles(), fixture.floats("output." + name), rows: valid))
    }
    self.rows = rows + (try ParityCheck.gradients(arena, fixture))
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
  }

  private static func outputs(of output: SGMN.Output) -> [(String, Tensor)] {
    var all = [("image", output.image), ("clip", output.clip), ("frames", output.frames)]
    if let texts = output.texts { all += [("asr", texts.asr), ("title", texts.title)] }
    return all
  }

  /// A gradient that is zero but for rounding in the reference (the bias of a softmax, say) has no relative error; it
  /// must vanish against the norm of all gradients instead.
  private static func gradients(_ arena: ParameterArena, _ fixture: Fixture) throws -> [Row] {
    let expected = try arena.entries.map { try fixture.floats("grad." + $0.name) }
    let overall = expected.map { squares($0.map { Double($0) }) }.reduce(0, +).squareRoot()
    return try zip(arena.entries, expected).map { entry, reference in
      guard let gradient = entry.parameter.value.gradient else { throw Fault(.internalError, "No gradient") }
      let ours = gradient.doubles()
      let norm = squares(reference.map { Double($0) }).squareRoot()
      if norm < 1e-10 * overall {
        let error = squares(ours).squareRoot() / overall
        return Row(kind: .gradient, name: entry.name, error: error * 100, norm: norm)
      }
      return compare(.gradient, entry.name, ours, reference, floor: max(1e-6 * overall, 1e-12))
    }
  }

  /// `rows` says which rows of the last axis count; all where it is nil.
  private static func compare(
    _ kind: Kind, _ name: String, _ ours: [Double], _ reference: [Float], rows: [Bool]? = nil, floor: Double = 1e-12
  ) -> Row {
    precondition(ours.count == reference.count, "\(name): \(ours.count) numbers against \(reference.count)")
    let columns = rows.map { ours.count / $0.count } ?? ours.count
    var difference = 0.0
    var norm = 0.0
    for i in ours.indices where rows?[i / columns] ?? true {
      let r = Double(reference[i])
      difference += (ours[i] - r) * (ours[i] - r)
      norm += r * r
    }
    let floor = kind == .loss ? 1e-3 : floor  // a loss of zero (no negatives) is held to 1e-8
    return Row(
      kind: kind, name: name, error: difference.squareRoot() / max(norm.squareRoot(), floor), norm: norm.squareRoot())
  }

  private static func squares(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 } }
}
