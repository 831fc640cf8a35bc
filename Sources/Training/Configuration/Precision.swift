import Collectives
import Telemetry
import TensorCore

extension RunConfiguration {
  /// The format of numbers where a run has the choice.
  public enum Precision: String, Codable, Sendable, CaseIterable { case float32, bf16 }
}

extension RunConfiguration.Precision {
  /// The format that matrices are multiplied in where it is not that of the weights.
  public var operandFormat: DType? { self == .bf16 ? .bfloat16 : nil }

  /// This precision where the processors of all ranks have instructions for it, else float32, with a line in the log:
  /// without them bf16 is slower, not faster. Collective.
  public func available(
    on backend: any Backend, communicator: any Communicator, logger: Logger
  ) throws -> RunConfiguration.Precision {
    guard self == .bf16 else { return self }
    let rankCount = try communicator.allReduceSum(backend.hasBFloat16Products ? 1 : 0)
    if rankCount == communicator.rankCount { return self }
    if communicator.isLeader {
      logger.notice(
        "precision float32 instead of bf16: the processors of \(communicator.rankCount - rankCount) of "
          + "\(communicator.rankCount) rank(s) have no bf16 instructions")
    }
    return .float32
  }
}
