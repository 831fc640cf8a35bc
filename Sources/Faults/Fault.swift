#if canImport(Glibc)
  import Glibc
#endif

/// A failure of the world (a file, a codec, a rank) as a person needs to read it: what, where, and what to do.
///
/// A programmer's mistake is not a `Fault`: it traps.
public struct Fault: Error, Sendable, Equatable {
  /// The exit code of a command that ends with this fault.
  public var code: ExitCode
  /// What happened, in one sentence without a full stop.
  public var what: String
  /// Where: a file, and the place in it (byte, line, sample, field).
  public var place: String?
  /// What a person can do about it.
  public var remedy: String?

  public init(_ code: ExitCode, _ what: String, at place: String? = nil, remedy: String? = nil) {
    self.code = code
    self.what = what
    self.place = place
    self.remedy = remedy
  }
}

extension Fault: CustomStringConvertible {
  /// `what (place). Remedy.` on one line.
  public var description: String {
    var text = what
    if let place { text += " (\(place))" }
    text += "."
    if let remedy { text += " \(remedy)." }
    return text
  }
}

extension Fault {
  /// The fault of a failed system call, from `errno` at the time of the call.
  public static func system(
    _ call: String, path: String, errno code: Int32, missing: ExitCode = .inputMissing
  ) -> Fault {
    let place = "\(path): \(call)"
    switch code {
    case ENOENT, ENOTDIR:
      return Fault(missing, "No such file or folder", at: path, remedy: "Check the path")
    case EACCES, EPERM:
      return Fault(.permission, "Permission denied", at: place, remedy: "Check who owns it and its mode")
    case ENOSPC, EDQUOT:
      return Fault(.inputOutput, "No space left", at: place, remedy: "Free space or choose another folder")
    default:
      return Fault(.inputOutput, String(cString: strerror(code)), at: place)
    }
  }
}
