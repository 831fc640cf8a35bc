import SGMNModel
import TensorCore

/// What a run has otherwise than the one that wrote its checkpoint: ranks, and threads of a rank.
struct WorkShareChange: Equatable {
  /// That the numbers stay the same with other ranks.
  private(set) var notice: String?
  /// That they do not.
  private(set) var warnings: [String] = []

  init(from saved: RunState, to now: RunState) {
    let virtualRankCount = now.configuration.compute.virtualRanks
    let hasOtherRanks = saved.rankCount != now.rankCount
    let ranks = "the checkpoint was made by \(saved.rankCount) ranks, this run has \(now.rankCount): "
    if hasOtherRanks, virtualRankCount == 0 {
      warnings.append(
        ranks + "the samples of a step are the same, \(now.configuration.model.effectOfRankCount)")
      return
    }
    var keepsThreads = true
    if let before = saved.threadCount, let threadCount = now.threadCount, before != threadCount {
      keepsThreads = false
      warnings.append(
        "the checkpoint was made with \(before) thread(s) a rank, this run has \(threadCount): the last digits of matrix "
          + "products may differ from here on; --threads \(before) keeps them")
    }
    if hasOtherRanks {
      notice =
        ranks + "with \(virtualRankCount) virtual ranks "
        + (keepsThreads ? "the numbers are the same, bit for bit" : "the samples and negatives of a step are the same")
    }
  }
}

extension ModelConfiguration {
  /// What another number of ranks changes of the losses.
  fileprivate var effectOfRankCount: String {
    switch (negatives, smf) {
    case (.local, _): "but with local negatives the losses are not"
    case (.global, true): "and so are the losses but for the matcher's, whose look-alikes are a rank's own"
    case (.global, false): "and so are the losses, to rounding"
    }
  }
}

extension Backend {
  /// Threads that share out its kernels; nil for a GPU.
  var kernelThreadCount: Int? {
    (((self as? ProfilingBackend)?.base ?? self) as? CPUBackend)?.threadCount
  }
}
