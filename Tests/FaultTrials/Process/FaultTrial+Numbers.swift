import Checkpointing
import Foundation

/// Rows 22 and 23: numbers that are wrong on one rank.
extension FaultTrial {
  static let notFiniteLoss = FaultTrial(
    number: 22, name: "the loss of one rank is not finite", ranks: [2, 4], quickRanks: [2]
  ) { setting in
    let rank = setting.ranks - 1
    return try notFinite(setting, "loss.not-finite", of: rank, told: "step 9", "rank \(rank)", "clips ")
  }

  static let notFiniteGradient = FaultTrial(
    number: 22, name: "a gradient of one rank is not finite", ranks: [2, 4], quickRanks: [2]
  ) { setting in
    // Of a sum over the ranks nobody knows whose it was.
    try notFinite(setting, "gradient.not-finite", told: "step 9", "clips ")
  }

  private static func notFinite(
    _ setting: Setting, _ failpoint: String, of recorded: Int? = nil, told: String...
  ) throws -> String {
    let rank = setting.ranks - 1
    let run = try RunFolder("not-finite")
    let result = try run.train(ranks: setting.ranks).armed("\(failpoint):fire@9#\(rank)").run()
    try Oracle.expect(result, 80)
    let lines = result.standardError.split(separator: "\n").filter { $0.contains("is not finite") }
    guard lines.count == 1, let line = lines.first else {
      throw TrialFailure("\(lines.count) lines instead of one tell it: \(Oracle.excerpt(result))")
    }
    for part in told where !line.contains(part) {
      throw TrialFailure("\(part.debugDescription) is not told: \(line)")
    }
    try Oracle.expectRecord(in: run, 80, rank: recorded, told: "step 9", "clips ")
    try expectFinite(run)
    try Oracle.expectUnbrokenEnd(of: run, by: run.train(ranks: setting.ranks))
    return "\(told.count) facts are told, the checkpoint is finite, resume bitwise equal"
  }

  static let skippedNotFinite = FaultTrial(
    number: 22, name: "a gradient is not finite, and the step is skipped", ranks: [2], quickRanks: [2]
  ) { setting in
    let run = try RunFolder("skipped")
    let command = try run.train(ranks: setting.ranks, settings: ["safety.on_not_finite=skip"])
    let result = try command.armed("gradient.not-finite:fire@9#1").run()
    try Oracle.expect(result, 0)
    try expectFinite(run)
    guard run.newestStep == World.stepCount, run.metricsLineCount == World.stepCount else {
      throw TrialFailure("\(run.metricsLineCount) steps, checkpoint of \(run.newestStep)")
    }
    return "the run goes on to its end with finite weights"
  }

  /// Throws unless every weight and moment of every checkpoint is finite.
  private static func expectFinite(_ run: RunFolder) throws {
    guard !run.checkpoints.isEmpty else { throw TrialFailure("there is no checkpoint") }
    for name in run.checkpoints {
      let checkpoint = try CheckpointStore.load("\(run.path)/checkpoints/\(name)")
      for file in ["model.safetensors", "optimizer.safetensors"] {
        let tensors = try checkpoint.tensors(file)
        for tensor in tensors.tensors.keys where try !tensors.floats(tensor).allSatisfy(\.isFinite) {
          throw TrialFailure("\(tensor) in \(file) of \(name) is not finite")
        }
      }
    }
  }

  static let flippedWeight = FaultTrial(
    number: 23, name: "a bit of a weight flips on one rank", ranks: [2, 4, 8], quickRanks: [2]
  ) { setting in
    let rank = setting.ranks - 1
    let run = try RunFolder("flipped")
    let settings = ["safety.compare_ranks_every=4"]
    // In the step after a save, so that the next save would be the first to hold it.
    let result = try run.train(ranks: setting.ranks, settings: settings).armed("weight.flipped:fire@7#\(rank)").run()
    try Oracle.expect(result, 82, told: "the weights of rank \(rank) are not those of the others")
    try Oracle.expectRecord(in: run, 82, told: "rank \(rank)")
    guard run.newestStep == World.checkpointInterval else {
      throw TrialFailure("a checkpoint of step \(run.newestStep) was saved after the flip")
    }
    try Oracle.expectUnbrokenEnd(of: run, by: run.train(ranks: setting.ranks))
    return "the rank is named, nothing is saved after the flip, resume bitwise equal"
  }
}
