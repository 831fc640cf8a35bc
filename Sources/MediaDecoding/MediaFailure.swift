import CLibAV
import Faults
import Glibc

/// What a decoder or encoder refused, before it is known to which file that belongs.
struct MediaFailure: Error {
  var code: ExitCode = .badData
  var what: String
  var log: [String] = []

  init(_ what: String, code: ExitCode = .badData) {
    self.what = what
    self.code = code
  }

  /// A failed call, by its negative result.
  init(_ what: String, status: Int32) {
    self.what = "\(what): \(MediaFailure.text(of: status))"
    if status == sgmn_averror(ENOSPC) || status == sgmn_averror(EIO) { code = .inputOutput }
  }

  /// libav's own words for a negative result.
  static func text(of status: Int32) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
      buffer[0] = 0
      _ = av_strerror(status, buffer.baseAddress, 256)
      return String(cString: buffer.baseAddress!)
    }
  }

  func fault(path: String, remedy: String? = nil) -> Fault {
    let said = log.isEmpty ? "" : " [libav: \(log.joined(separator: "; "))]"
    return Fault(code, what + said, at: path, remedy: remedy)
  }

  /// Runs `body` with libav's log captured; a `MediaFailure` becomes a `Fault` that names `path`.
  static func naming<Result>(_ path: String, remedy: String? = nil, _ body: () throws -> Result) throws -> Result {
    do {
      return try LibAVLog.capturing(body)
    } catch let failure as MediaFailure {
      throw failure.fault(path: path, remedy: remedy)
    }
  }
}

/// Throws where a libav call returned a negative status.
@discardableResult
func check(_ status: Int32, _ what: @autoclosure () -> String) throws -> Int32 {
  guard status >= 0 else { throw MediaFailure(what(), status: status) }
  return status
}
