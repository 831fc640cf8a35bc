import Glibc

/// How much memory this process has, as the kernel counts it.
public enum ProcessMemory {
  /// Bytes that are in memory now.
  public static var residentByteCount: Int { status("VmRSS") }

  /// The most bytes that have been in memory since `resetPeak()`, or since the process began.
  public static var peakByteCount: Int { status("VmHWM") }

  /// Begins the count of `peakByteCount` anew; without effect where the kernel does not offer it.
  public static func resetPeak() {
    let descriptor = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    _ = write(descriptor, "5", 1)
    close(descriptor)
  }

  private static func status(_ name: String) -> Int {
    guard let file = fopen("/proc/self/status", "re") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    while fgets(&line, Int32(line.count), file) != nil {
      let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      guard text.hasPrefix(name + ":") else { continue }
      let digits = text.drop { !$0.isNumber }.prefix { $0.isNumber }
      return (Int(digits) ?? 0) * 1024
    }
    return 0
  }
}
