import WorkerProcesses

/// Where media are decoded.
public enum Decoding: Sendable {
  /// In this process, which a bug in a decoder takes along. For tests, and for files that one has made oneself.
  case inProcess
  /// In one child process a thread.
  case workers(DecodeWorkers)
}

/// The child processes that decode: what they run, and what they may use.
public struct DecodeWorkers: Sendable {
  /// A program that calls `DecodeWorker.run()`.
  public var command: WorkerCommand
  /// The most time for one sample.
  public var sampleSeconds: Double
  /// The most address space of a worker.
  public var memoryByteCount: Int

  public init(_ command: WorkerCommand, sampleSeconds: Double = 60, memoryByteCount: Int = 4 << 30) {
    self.command = command
    self.sampleSeconds = sampleSeconds
    self.memoryByteCount = memoryByteCount
  }
}
