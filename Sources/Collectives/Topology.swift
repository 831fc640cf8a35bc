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
    let own = allowedCPUCount(readText("/proc/self/status")) ?? max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    // The launcher binds its ranks and not itself: its own mask is the machine's (or the container's).
    var machine = max(own, allowedCPUCount(readText("/proc/\(getppid())/status")) ?? own)
    if let quota = cpuQuota(readText("/sys/fs/cgroup/cpu.max")) { machine = min(machine, quota) }
    return Topology(usableCPUCount: min(own, machine), machineCPUCount: machine)
  }

  /// The CPUs in the affinity mask of a `/proc/PID/status`, as in `Cpus_allowed_list: 0-3,8`.
  static func allowedCPUCount(_ status: String?) -> Int? {
    let field = "Cpus_allowed_list:"
    guard let line = status?.split(separator: "\n").first(where: { $0.hasPrefix(field) }) else { return nil }
    var count = 0
    for range in line.dropFirst(field.count).split(whereSeparator: { $0 == "," || $0.isWhitespace }) {
      let ends = range.split(separator: "-").map { UInt16($0) }
      guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2, first <= last else {
        return nil
      }
      count += Int(last - first) + 1
    }
    return count > 0 ? count : nil
  }

  /// Whole CPUs of a control group's `cpu.max` ("quota period", or "max period" for no limit), rounded up.
  static func cpuQuota(_ text: String?) -> Int? {
    guard let parts = text?.split(whereSeparator: \.isWhitespace), parts.count == 2 else { return nil }
    guard let quota = Int(parts[0]), let period = Int(parts[1]), quota > 0, period > 0 else { return nil }
    return max(1, quota / period + (quota % period == 0 ? 0 : 1))
  }

  private static func readText(_ path: String) -> String? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 16_384)
    let count = read(file, &bytes, bytes.count)
    return count > 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : nil
  }
}
