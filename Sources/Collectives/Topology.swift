@preconcurrency import Glibc

/// The processors that a rank may use.
public struct Topology: Sendable, Equatable {
  /// Those this process may run on: one where `mpirun` binds each rank to a core.
  public var usableCPUCount: Int
  /// Those all ranks of this machine may run on together, within the container's limit.
  public var machineCPUCount: Int

  public init(usableCPUCount: Int, machineCPUCount: Int) {
    self.usableCPUCount = usableCPUCount
    self.machineCPUCount = machineCPUCount
  }

  /// Whether this process may use only a part of the machine: the launcher has bound it.
  public var isBound: Bool { usableCPUCount < machineCPUCount }

  /// Threads for one of `localRankCount` ranks: an equal share of the machine, never more than the launcher's binding
  /// allows, at least one. Ranks that are not bound all see every core, so that a library left to itself starts
  /// cores × ranks threads.
  public func threadCount(localRankCount: Int) -> Int {
    precondition(localRankCount > 0, "a machine of a run has at least one rank, not \(localRankCount)")
    return max(1, min(usableCPUCount, machineCPUCount / localRankCount))
  }

  /// Asks the kernel.
  public static func current() -> Topology {
    let own = allowedCPUCount(SystemText.read("/proc/self/status")) ?? max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    // The launcher binds its ranks and not itself: its own mask is the machine's (or the container's).
    var machine = max(own, allowedCPUCount(SystemText.read("/proc/\(getppid())/status")) ?? own)
    if let quota = cpuQuota() { machine = min(machine, quota) }
    return Topology(usableCPUCount: min(own, machine), machineCPUCount: machine)
  }

  /// The CPUs in the affinity mask of a `/proc/PID/status`, as in `Cpus_allowed_list: 0-3,8`.
  static func allowedCPUCount(_ status: String?) -> Int? {
    let field = "Cpus_allowed_list:"
    guard let line = status?.split(separator: "\n").first(where: { $0.hasPrefix(field) }) else { return nil }
    guard let numbers = CPUList.parse(line.dropFirst(field.count)), !numbers.isEmpty else { return nil }
    return numbers.count
  }

  /// That of this container.
  static func cpuQuota() -> Int? { cpuQuota(SystemText.read("/sys/fs/cgroup/cpu.max")) }

  /// Whole CPUs of a control group's `cpu.max` ("quota period", or "max period" for no limit), rounded up.
  static func cpuQuota(_ text: String?) -> Int? {
    guard let parts = text?.split(whereSeparator: \.isWhitespace), parts.count == 2 else { return nil }
    guard let quota = Int(parts[0]), let period = Int(parts[1]), quota > 0, period > 0 else { return nil }
    return max(1, quota / period + (quota % period == 0 ? 0 : 1))
  }
}
