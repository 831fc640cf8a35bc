import CLibAV
import Glibc
import Synchronization

/// libav's own messages, kept for the error they explain instead of printed.
///
/// Codecs run with one thread each, so what a thread logs between `begin` and `end` is about the file it works on.
enum LibAVLog {
  private static let lines = Mutex<[pthread_t: [String]]>([:])
  private static let lineLimit = 4

  private static let installed: Void = {
    av_log_set_level(AV_LOG_WARNING)
    av_log_set_callback { context, level, format, arguments in
      guard level <= AV_LOG_WARNING, let format, let arguments else { return }
      LibAVLog.keep(context, level, format, arguments)
    }
  }()

  private static func keep(
    _ context: UnsafeMutableRawPointer?, _ level: Int32, _ format: UnsafePointer<CChar>, _ arguments: CVaListPointer
  ) {
    let capacity = 512
    let text = withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity) { buffer in
      var prefix: Int32 = 0  // no "[h264 @ 0x55…]": addresses would make equal errors differ
      buffer[0] = 0
      av_log_format_line2(context, level, format, arguments, buffer.baseAddress, Int32(capacity), &prefix)
      return String(cString: buffer.baseAddress!)
    }
    let line = text.split(separator: "\n").joined(separator: " ")
    guard line.contains(where: \.isLetter) else { return }  // the tail of a line printed in two calls
    lines.withLock { lines in
      guard var mine = lines[pthread_self()], mine.count < lineLimit, !mine.contains(line) else { return }
      mine.append(line)
      lines[pthread_self()] = mine
    }
  }

  /// The result of `body`, and a fault of it made richer by what libav said meanwhile.
  static func capturing<Result>(_ body: () throws -> Result) throws -> Result {
    _ = installed
    let outer = lines.withLock { $0.updateValue([], forKey: pthread_self()) }
    defer { lines.withLock { $0[pthread_self()] = outer } }
    do {
      return try body()
    } catch var failure as MediaFailure {
      failure.log = lines.withLock { $0[pthread_self()] ?? [] }
      throw failure
    }
  }
}
