/// Measures numbers against the reference's.
struct ParityComparison {
  let precision: ParityCheck.Precision

  /// `rows` says which rows of the last axis count; all where it is nil.
  func row(
    _ kind: ParityCheck.Kind, _ name: String, _ ours: [Double], _ reference: [Float], rows: [Bool]? = nil,
    floor: Double = 1e-12
  ) -> ParityCheck.Row {
    precondition(ours.count == reference.count, "\(name): \(ours.count) numbers against \(reference.count)")
    let columns = rows.map { ours.count / $0.count } ?? ours.count
    var (difference, squares, ourSquares, product) = (0.0, 0.0, 0.0, 0.0)
    for i in ours.indices where rows?[i / columns] ?? true {
      let r = Double(reference[i])
      difference += (ours[i] - r) * (ours[i] - r)
      squares += r * r
      ourSquares += ours[i] * ours[i]
      product += ours[i] * r
    }
    let norm = squares.squareRoot()
    let floor = kind == .loss ? 1e-3 : floor  // a loss of zero (no negatives) is held to 1e-8
    var error = difference.squareRoot() / max(norm, floor)
    if precision == .bf16, kind != .loss {
      error = norm > floor ? 1 - product / (norm * ourSquares.squareRoot()) : 0
    }
    return ParityCheck.Row(
      kind: kind, name: name, error: error, norm: norm, tolerance: precision.tolerance(kind))
  }

  /// A gradient that is zero but for rounding in the reference (the bias of a softmax, say) has no relative error; it
  /// must vanish against `overall`, the norm of all gradients, instead.
  func gradientRow(_ name: String, _ ours: [Double], _ reference: [Float], overall: Double) -> ParityCheck.Row {
    let norm = ParityComparison.norm(reference)
    guard norm < 1e-10 * overall else {
      return row(.gradient, name, ours, reference, floor: max(1e-6 * overall, 1e-12))
    }
    let vanishing = precision == .bf16 ? 1.0 : 100  // of all gradients: 5e-3 in bf16, 1e-6 else
    return ParityCheck.Row(
      kind: .gradient, name: name, error: ParityComparison.norm(ours) / overall * vanishing, norm: norm,
      tolerance: precision.tolerance(.gradient))
  }

  static func norm(_ values: [some BinaryFloatingPoint]) -> Double {
    values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
  }
}
