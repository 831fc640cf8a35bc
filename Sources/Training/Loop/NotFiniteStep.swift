import Faults

/// What was not finite in a step and on which ranks: the same on every rank, from what all tell each other.
struct NotFiniteStep: Equatable {
  let step: Int
  /// The ranks whose own loss was not finite; empty where only the gradient was not.
  let ranks: [Int]
  /// The total where it is among them, and the parts that make it so.
  let losses: [String]
  /// The first tensor, by name, with such a gradient; nil where losses say it all.
  let tensor: String?
  /// The samples of those ranks, or of all where no rank is to blame.
  let clipIDs: [String]

  init(_ batches: [BadBatch]) {
    step = batches.first?.step ?? 0
    let bad = batches.filter { !$0.lossesNotFinite.isEmpty }
    ranks = bad.map(\.rank)
    losses = Set(bad.flatMap(\.lossesNotFinite)).sorted { ($0 != "total" ? 1 : 0, $0) < ($1 != "total" ? 1 : 0, $1) }
    tensor = bad.isEmpty ? batches.flatMap(\.tensors).min() : nil
    clipIDs = (bad.isEmpty ? batches : bad).flatMap(\.clipIDs)
  }

  private static let shownClipCount = 8

  /// `The loss of step 7 is not finite: total, visual on rank 1`.
  var what: String {
    guard ranks.isEmpty else {
      return "The loss of step \(step) is not finite: \(losses.joined(separator: ", ")) on rank "
        + ranks.map(String.init).joined(separator: ", ")
    }
    return "The gradient of step \(step) is not finite" + (tensor.map { ": \($0)" } ?? ", as a whole alone")
  }

  var place: String {
    let more = clipIDs.count - NotFiniteStep.shownClipCount
    return "clips \(clipIDs.prefix(NotFiniteStep.shownClipCount).joined(separator: ", "))"
      + (more > 0 ? " and \(more) more in bad-batch.step-\(step).rank-*.json" : "")
  }

  func fault(_ reason: String? = nil) -> Fault {
    Fault(
      .notFinite, what + (reason.map { "; \($0)" } ?? ""), at: place,
      remedy: "Lower optimizer.learning_rate, or look at the samples with sgmn-shard show")
  }
}
