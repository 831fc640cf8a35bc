import Faults
import Glibc
import Synchronization

/// The failpoints of this process, from its environment, and how often each was hit.
public enum ArmedFailpoints {
  private static let plan = Result { try FailpointPlan(getenv("SGMN_FAILPOINT").map { String(cString: $0) } ?? "") }
  private static let hits = Mutex(FailpointHits((try? plan.get()) ?? FailpointPlan.nothing, rank: rank))
  @usableFromInline static let isAny = ((try? plan.get())?.entries.isEmpty) == false

  /// What is armed, one text an entry, for the log; throws where the environment holds no plan. For the start of a
  /// command.
  public static func check() throws -> [String] {
    try plan.get().entries.map { "failpoint \($0)" }
  }

  private static func due(_ point: Failpoint) -> [FailpointPlan.Action] { hits.withLock { $0.due(point) } }

  /// The rank that the launcher says this is; 0 without one.
  private static let rank: Int = {
    let names = ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"]
    return names.lazy.compactMap { name in getenv(name).flatMap { Int(String(cString: $0)) } }.first ?? 0
  }()

  @usableFromInline static func hit(_ point: Failpoint) throws {
    if let code = failsCall(point) { throw Fault.system("failpoint", path: point.rawValue, errno: code) }
  }

  @usableFromInline static func failsCall(_ point: Failpoint) -> Int32? {
    var failure: Int32?
    for action in due(point) {
      switch action {
      case .kill: kill(getpid(), SIGKILL)
      case .stop: kill(getpid(), SIGSTOP)
      case .sleep(let milliseconds): usleep(UInt32(clamping: milliseconds * 1000))
      case .error(let code): failure = failure ?? code
      case .fire: break
      }
    }
    return failure
  }

  @usableFromInline static func isDue(_ point: Failpoint) -> Bool { due(point).contains(.fire) }
}
