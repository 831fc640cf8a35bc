import Faults
import Glibc

/// What `SGMN_FAILPOINT` arms: `NAME:ACTION[@HITS][#RANK]`, several with commas between them.
///
/// ACTION is `kill` (SIGKILL to the own process), `stop` (SIGSTOP), `sleep=MILLISECONDS`, `error=EIO` (or another name of
/// an errno: the call at the place fails with it) or `fire` (for places that change a number). HITS is `3`, the third
/// hit alone, `3+`, that and all later ones, or `*`, all; without it the first. RANK restricts it to one rank.
public struct FailpointPlan: Sendable, Equatable {
  public enum Action: Sendable, Equatable {
    case kill, stop, fire
    /// At most an hour.
    case sleep(milliseconds: Int)
    /// The number of an errno.
    case error(Int32)
  }

  public struct Entry: Sendable, Equatable {
    public var point: Failpoint
    public var action: Action
    /// The first hit, counted from 1, and whether the later ones count too.
    public var firstHit = 1
    public var repeats = false
    public var rank: Int?
  }

  public var entries: [Entry] = []

  /// Arms nothing.
  static let nothing = FailpointPlan()

  private init() {}

  /// Throws `Fault(.usage)` where the text is not a plan.
  public init(_ text: String) throws {
    for part in text.split(separator: ",") { entries.append(try Self.entry(part)) }
  }

  static let errors: [String: Int32] = [
    "EIO": EIO, "ENOSPC": ENOSPC, "EINTR": EINTR, "ESTALE": ESTALE, "EDQUOT": EDQUOT, "EACCES": EACCES,
    "ENOENT": ENOENT,
    "EROFS": EROFS, "EMFILE": EMFILE,
  ]

  private static func entry(_ text: Substring) throws -> Entry {
    func wrong(_ what: String) -> Fault {
      Fault(.usage, "\(what) in a failpoint", at: "SGMN_FAILPOINT: \(text)", remedy: "Write NAME:ACTION[@HITS][#RANK]")
    }
    var rest = text
    var rank: Int?
    if let mark = rest.lastIndex(of: "#") {
      guard let number = Int(rest[rest.index(after: mark)...]), number >= 0 else { throw wrong("No rank after #") }
      (rank, rest) = (number, rest[..<mark])
    }
    var (firstHit, repeats) = (1, false)
    if let mark = rest.lastIndex(of: "@") {
      var hits = rest[rest.index(after: mark)...]
      if hits == "*" { hits = "1+" }
      repeats = hits.hasSuffix("+")
      guard let number = Int(repeats ? hits.dropLast() : hits), number > 0 else { throw wrong("No count after @") }
      (firstHit, rest) = (number, rest[..<mark])
    }
    let words = rest.split(separator: ":", maxSplits: 1)
    guard words.count == 2, let point = Failpoint(rawValue: String(words[0])) else { throw wrong("No such place") }
    guard let action = action(words[1]) else { throw wrong("No such action") }
    return Entry(point: point, action: action, firstHit: firstHit, repeats: repeats, rank: rank)
  }

  fileprivate static func name(ofError code: Int32) -> String {
    errors.first { $0.value == code }?.key ?? "\(code)"
  }

  private static func action(_ text: Substring) -> Action? {
    switch text {
    case "kill": return .kill
    case "stop": return .stop
    case "fire": return .fire
    default:
      let words = text.split(separator: "=", maxSplits: 1)
      guard words.count == 2 else { return nil }
      if words[0] == "sleep" {
        return Int(words[1]).flatMap { (0...3_600_000).contains($0) ? .sleep(milliseconds: $0) : nil }
      }
      return words[0] == "error" ? errors[String(words[1])].map(Action.error) : nil
    }
  }
}

extension FailpointPlan.Action: CustomStringConvertible {
  /// As `SGMN_FAILPOINT` says it.
  public var description: String {
    switch self {
    case .kill: "kill"
    case .stop: "stop"
    case .fire: "fire"
    case .sleep(let milliseconds): "sleep=\(milliseconds)"
    case .error(let code): "error=\(FailpointPlan.name(ofError: code))"
    }
  }
}

extension FailpointPlan.Entry: CustomStringConvertible {
  /// As `SGMN_FAILPOINT` says it.
  public var description: String {
    let hits = firstHit == 1 && repeats ? "@*" : firstHit == 1 ? "" : "@\(firstHit)\(repeats ? "+" : "")"
    return "\(point.rawValue):\(action)\(hits)\(rank.map { "#\($0)" } ?? "")"
  }
}
