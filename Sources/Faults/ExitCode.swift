/// The exit codes of every command. Ranks agree on one, and it stays within 1…125, the only codes
/// that `MPI_Abort` passes on unchanged.
public enum ExitCode: Int32, Sendable, Codable, CaseIterable {
  case done = 0
  /// A command line that cannot be obeyed.
  case usage = 64
  /// Bytes that are not what their format promises.
  case badData = 65
  case inputMissing = 66
  case remoteUnavailable = 69
  case internalError = 70
  /// The output exists, is in use by another run, or cannot be created.
  case outputUnavailable = 73
  /// Input/output error, disk full.
  case inputOutput = 74
  /// Stopped with a checkpoint: the same command goes on.
  case stoppedWithCheckpoint = 75
  case rankLost = 76
  case permission = 77
  /// A configuration that is wrong, or that a checkpoint was not made with.
  case configuration = 78
  case notFinite = 80
  case hang = 81
  case ranksDiverged = 82
}
