import Glibc

/// How long this process lives: what a job's time limit counts from, not the first step.
enum ProcessAge {
  /// Seconds; 0 where the system does not say.
  static func seconds() -> Double {
    guard let file = fopen("/proc/self/stat", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 4096)
    let count = fread(&line, 1, line.count, file)
    let text = String(decoding: line[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    guard let ticks = startTicks(text) else { return 0 }
    var now = timespec()
    clock_gettime(CLOCK_BOOTTIME, &now)
    let sinceBoot = Double(now.tv_sec) + Double(now.tv_nsec) * 1e-9
    return max(0, sinceBoot - Double(ticks) / Double(sysconf(Int32(_SC_CLK_TCK))))
  }

  /// The 22nd field of proc(5)'s stat: ticks from boot to the start. The second, a name, may hold anything.
  static func startTicks(_ stat: String) -> UInt64? {
    guard let end = stat.lastIndex(of: ")") else { return nil }
    let fields = stat[stat.index(after: end)...].split(separator: " ")
    return fields.count > 19 ? UInt64(fields[19]) : nil
  }
}
