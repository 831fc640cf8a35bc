#if canImport(Glibc)
  import Glibc
#endif

/// A failure of the world (a file, a codec, a rank) as a person needs to read it: what, where, and what to do.
///
/// A programmer's mistake is not a `Fault`: it traps. Its texts hold no password and no signature of a URL, whoever wrote
/// them, for they end in logs; and at most 8 KiB each, whatever a
/// file calls its fields.
public struct Fault: Error, Sendable, Equatable {
  /// The exit code of a command that ends with this fault.
  public var code: ExitCode
  /// What happened, in one sentence without a full stop.
  public var what: String { didSet { what = Fault.told(what) } }
  /// Where: a file, and the place in it (byte, line, sample, field).
  public var place: String? { didSet { place = place.map(Fault.told) } }
  /// What a person can do about it.
  public var remedy: String? { didSet { remedy = remedy.map(Fault.told) } }

  public init(_ code: ExitCode, _ what: String, at place: String? = nil, remedy: String? = nil) {
    self.code = code
    self.what = Fault.told(what)
    self.place = place.map(Fault.told)
    self.remedy = remedy.map(Fault.told)
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
    case EROFS:
      return Fault(.outputUnavailable, "The file system is read-only", at: place, remedy: "Choose another folder")
    case ENOSPC, EDQUOT:
      return Fault(.inputOutput, "No space left", at: place, remedy: "Free space or choose another folder")
    case EMFILE, ENFILE:
      return Fault(.inputOutput, "Too many open files", at: place, remedy: "Raise the limit: ulimit -n, or LimitNOFILE")
    default:
      return Fault(.inputOutput, String(cString: strerror(code)), at: place)
    }
  }
}
