import Glibc

/// How long the thread that made it has waited for a processor while it could run, because the system ran others.
final class ProcessorQueue: Sendable {
  /// Of the thread's schedstat: "nanoseconds on a processor, nanoseconds waited for one, turns"; negative where the system
  /// has none.
  private let file = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC)

  deinit { if file >= 0 { close(file) } }

  /// Nanoseconds since the thread began; 0 where the system does not say.
  var nanoseconds: UInt64 {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 96) { text in
      let count = file < 0 ? 0 : pread(file, text.baseAddress, text.count, 0)
      let fields = text.prefix(max(0, count)).split(separator: UInt8(ascii: " "))
      return fields.count < 2 ? 0 : fields[1].reduce(0) { $0 &* 10 &+ UInt64($1 &- UInt8(ascii: "0")) }
    }
  }
}
