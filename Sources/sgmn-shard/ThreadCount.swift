import Faults
import Glibc

enum ThreadCount {
  /// The threads asked for, or as many as there are cores. Throws `Fault(.usage)` outside 1 … 1024.
  static func checked(_ wish: Int?) throws -> Int {
    guard let wish else { return max(1, min(1024, sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }
    guard (1...1024).contains(wish) else { throw Fault(.usage, "--threads \(wish) is not within 1 … 1024") }
    return wish
  }
}
