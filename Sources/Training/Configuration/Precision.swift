import Collectives
import Telemetry
import TensorCore

extension RunConfiguration {
  /// The format of numbers where a run has the choice.
  public enum Precision: String, Codable, Sendable, CaseIterable { case float32, bf16 }

  /// The format that a person wants, or `auto`: that of the worker.
  public enum PrecisionChoice: String, Codable, Sendable, CaseIterable { case auto, float32, bf16 }
}

extension RunConfiguration.Precision {
  /// The format that matrices are multiplied in where it is not that of the weights.
  public var operandFormat: DType? { self == .bf16 ? .bfloat16 : nil }
}

extension RunConfiguration.PrecisionChoice {
  /// What this choice means on a worker: a GPU multiplies bfloat16 many times faster than float32.
  public func precision(on kind: WorkerKind) -> RunConfiguration.Precision {
    switch (self, kind) {
    case (.float32, _), (.auto, .cpu): .float32
    case (.bf16, _), (.auto, .cuda): .bf16
    }
  }

  /// The same where the processors of all ranks have instructions for it, else float32, with a line in the log: without
  /// them bf16 is slower, not faster. Collective.
  public func available(
    on backend: any Backend, communicator: any Communicator, logger: Logger
  ) throws -> RunConfiguration.Precision {
    let wanted = precision(on: backend.kind)
    guard wanted == .bf16 else { return wanted }
    let rankCount = try communicator.allReduceSum(backend.hasBFloat16Products ? 1 : 0)
    if rankCount == communicator.rankCount { return wanted }
    if communicator.isLeader {
      logger.notice(
        "precision float32 instead of bf16: the processors of \(communicator.rankCount - rankCount) of "
          + "\(communicator.rankCount) rank(s) have no bf16 instructions")
    }
    return .float32
  }
}
