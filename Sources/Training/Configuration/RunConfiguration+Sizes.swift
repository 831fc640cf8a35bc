import Faults

extension RunConfiguration {
  /// Throws for counts beyond any run: what is computed from the others stays within an `Int`.
  func checkSizes() throws {
    func require(_ value: Int, atMost limit: Int, _ field: String) throws {
      guard value > limit else { return }
      throw Fault(.configuration, "\(field): \(value) is more than \(limit)", remedy: "Change \(field)")
    }
    try require(data.globalBatch, atMost: 1 << 24, "data.global_batch")
    for (field, bytes) in [
      ("data.memory", data.memory), ("data.read_ahead", data.readAhead), ("data.cache.bytes", data.cache.bytes),
    ] { try require(bytes, atMost: 1 << 50, field) }
    try require(data.skipBudget, atMost: 1 << 40, "data.skip_budget")
    try require(schedule.epochs, atMost: 1 << 20, "schedule.epochs")
    for (field, steps) in [
      ("schedule.steps", schedule.steps), ("checkpoint.every", checkpoint.every),
      ("evaluation.every", evaluation.every), ("safety.compare_ranks_every", safety.compareRanksEvery),
    ] { try require(steps, atMost: 1 << 40, field) }
    try require(checkpoint.keep, atMost: 1 << 20, "checkpoint.keep")
  }
}
