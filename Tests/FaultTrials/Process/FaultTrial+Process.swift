extension FaultTrial {
  /// Ranks and launchers that die, hang, are slow, or are stopped.
  static var processTrials: [FaultTrial] {
    [
      killedRank, killedAgainAndAgain,
      terminatedLauncher, terminatedLauncherWithTime, userSignal, killedLauncher, sharedFolder,
      silentRank, silentRankWhileSaving, pausedRank, slowRank, rankThatLeaves,
      notFiniteLoss, notFiniteGradient, skippedNotFinite, flippedWeight,
      otherRankCounts, clockJumps, littleMemory, fewDescriptors, readOnlyFolder, noSharedMemory, removedFolder,
    ]
  }
}
