import Faults
import Glibc

/// How many files a process may open: a limit that is best met before the first step.
public enum OpenFileLimit {
  /// Throws `Fault(.inputOutput)` that names the limit where fewer than `spare` further files can be open at one time.
  public static func require(spare: Int) throws {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
    try require(spare: spare, open: try DurableFile.names(in: "/proc/self/fd").count, limit: limit.rlim_cur)
  }

  static func require(spare: Int, open: Int, limit: rlim_t) throws {
    guard UInt64(open + spare) > UInt64(limit) else { return }
    throw Fault(
      .inputOutput, "This process may have \(limit) open files, has \(open) and needs \(spare) more",
      at: "RLIMIT_NOFILE", remedy: "Raise the limit: ulimit -n, or LimitNOFILE")
  }
}
