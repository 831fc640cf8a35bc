extension FaultTrial {
  /// Checkpoints on disks that fail, fill up, or are cut off.
  static var storageTrials: [FaultTrial] {
    [
      killAtSystemCalls, killAtSystemCallsBeside, killAtFailpoints, killWhilePublishing, flushFails, writesLie,
      callsInterrupted, diskFull, writesFail, saveFailsBeside, checkpointUnreadable, damageIsFound, allDamaged,
      hostileFiles, foreignCheckpoint, laterFormat, killAtStart,
    ]
  }
}
