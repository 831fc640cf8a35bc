import Faults

extension RunState {
  /// The most bytes of a state: a run may have replaced millions of samples.
  static let byteLimit = 64 << 20

  /// Throws `Fault(.configuration)` for numbers that no run writes: what is computed from the rest stays within an `Int`.
  func check(path: String) throws {
    func require(_ holds: Bool, _ field: String, _ what: @autoclosure () -> String) throws {
      guard !holds else { return }
      throw Fault(
        .configuration, "\(field): \(what())", at: path,
        remedy: "Resume from another checkpoint, or choose a new folder")
    }
    let counts = [("step", step), ("epoch", epoch), ("positionInEpoch", positionInEpoch), ("pairCount", pairCount)]
    for (field, value) in counts { try require((0...1 << 40).contains(value), field, "\(value) is not within 0…2⁴⁰") }
    try require((1...1 << 20).contains(rankCount), "rankCount", "\(rankCount) is not within 1…2²⁰")
    try require(UInt64(shardsFingerprint, radix: 16) != nil, "shardsFingerprint", "no hash in hexadecimal")
    try require((0...step).contains(skippedSteps), "skippedSteps", "\(skippedSteps) is not within 0…\(step)")
    let isAscending = zip(replacedSamples, replacedSamples.dropFirst()).allSatisfy { $0 < $1 }
    try require(isAscending && (replacedSamples.first ?? 0) >= 0, "replacedSamples", "no numbers of samples, ascending")
    if let best {
      try require((0...step).contains(best.step), "best.step", "\(best.step) is not within 0…\(step)")
      try require((0...1).contains(best.recall), "best.recall", "\(best.recall) is not within 0…1")
    }
    do { try configuration.validate() } catch let fault as Fault { try require(false, "configuration", fault.what) }
  }
}
