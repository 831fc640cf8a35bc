import TensorCore

/// What a run is to find out about its own time.
public struct ProfileRequest {
  /// The backend of the run.
  public var backend: ProfilingBackend
  /// Where the trace goes; nil: `profile/trace.json` in the run's folder.
  public var tracePath: String?
  /// Steps at the start that are not looked at.
  public var skippedStepCount = 2
  /// Steps that are looked at; nil: all to the end.
  public var stepLimit: Int?
  /// Gets the table, on rank 0.
  public var show: (String) -> Void

  public init(_ backend: ProfilingBackend, show: @escaping (String) -> Void) {
    (self.backend, self.show) = (backend, show)
  }
}
