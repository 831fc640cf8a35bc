import Glibc

/// Why a worker process did not answer; it is gone then, and another takes its place.
public enum WorkerFailure: Error, Sendable, Equatable {
  /// A signal ended it.
  case crashed(signal: Int32)
  /// It ended by itself, without an answer.
  case ended(code: Int32)
  /// It took longer than it may.
  case hung(seconds: Double)
  /// It sent something that is no answer.
  case garbled
  /// Nobody wants the answer any more.
  case cancelled

  /// A few words that are the same for all failures of one kind.
  public var cause: String {
    switch self {
    case .crashed: "decoder crashed"
    case .ended: "decoder ended"
    case .hung: "decoder hung"
    case .garbled: "decoder garbled"
    case .cancelled: "cancelled"
    }
  }
}

extension WorkerFailure: CustomStringConvertible {
  /// One sentence without a full stop; the same for the same failure, on whatever machine.
  public var description: String {
    switch self {
    case .crashed(let signal): "The decoder crashed (signal \(signal)\(WorkerFailure.name(of: signal)))"
    case .ended(let code): "The decoder ended with code \(code) and without an answer"
    case .hung(let seconds): "The decoder gave no answer within \(WorkerFailure.text(seconds)) s"
    case .garbled: "The decoder sent what is no answer"
    case .cancelled: "Cancelled"
    }
  }

  private static func name(of signal: Int32) -> String {
    switch signal {
    case SIGILL: ", illegal instruction"
    case SIGTRAP: ", trap"
    case SIGABRT: ", abort"
    case SIGBUS: ", bus error"
    case SIGFPE: ", arithmetic error"
    case SIGKILL: ", killed, as where memory runs out"
    case SIGSEGV: ", segmentation fault"
    case SIGSYS: ", forbidden system call"
    case SIGXCPU: ", out of processor time"
    default: ""
    }
  }

  private static func text(_ seconds: Double) -> String {
    seconds == seconds.rounded() && abs(seconds) < 1e9 ? String(Int(seconds)) : String(seconds)
  }
}
