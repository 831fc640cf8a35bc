/// Measures numbers against the reference's.
struct ParityComparison {
  let precision: ParityCheck.Precision

  /// `rows` says which rows of the last axis count; all where it is nil. In bf16 an output or gradient must agree in
  /// direction and in length; one shorter than `floor` has no direction to speak of, and its difference is measured
  /// against `overall` instead.
  func row(
    _ kind: ParityCheck.Kind, _ name: String, _ ours: [Double], _ reference: [Float], rows: [Bool]? = nil,
    floor: Double = 1e-12, overall: Double = 1
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
    let tolerance = precision.tolerance(kind)
    if precision == .bf16, kind != .loss {
      if norm > floor {
        let ourNorm = ourSquares.squareRoot()
        let turned = 1 - product / (norm * ourNorm)
        let stretched = abs(ourNorm / norm - 1) / ParityCheck.Precision.lengthTolerance
        error = max(turned, stretched * tolerance)
      } else {
        error = difference.squareRoot() / max(overall, floor)
      }
    }
    // Comparisons pass over a NaN in silence.
    return ParityCheck.Row(
      kind: kind, name: name, error: difference.isFinite && error.isFinite ? error : .infinity, norm: norm,
      tolerance: tolerance)
  }

  /// A gradient that is zero but for rounding in the reference (the bias of a softmax, say) has no relative error; it
  /// must vanish against `overall`, the norm of all gradients, instead.
  func gradientRow(_ name: String, _ ours: [Double], _ reference: [Float], overall: Double) -> ParityCheck.Row {
    let norm = ParityComparison.norm(reference)
    guard norm < 1e-10 * overall else {
      return row(.gradient, name, ours, reference, floor: max(1e-6 * overall, 1e-12), overall: overall)
    }
    let vanishing = precision == .bf16 ? 1.0 : 100  // of all gradients: 5e-3 in bf16, 1e-6 else
    let error = ParityComparison.norm(ours) / overall * vanishing
    return ParityCheck.Row(
      kind: .gradient, name: name, error: error.isFinite ? error : .infinity, norm: norm,
      tolerance: precision.tolerance(.gradient))
  }

  static func norm(_ values: [some BinaryFloatingPoint]) -> Double {
    values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
  }
}
