import Faults

/// `s3://BUCKET/PREFIX`.
struct S3Location: Sendable, Equatable {
  var bucket: String
  /// Without slashes at its ends; not encoded.
  var prefix: String

  /// `Fault(.usage)` if the text is no such address.
  init(_ text: String) throws {
    func refused(_ what: String) -> Fault {
      Fault(.usage, what, at: RemoteURL.shown(text), remedy: "Give s3://BUCKET/PREFIX")
    }
    guard text.lowercased().hasPrefix("s3://") else { throw refused("Not an address of S3") }
    // In bytes: a key may begin with a mark that makes another character of the slash before it.
    let slash = UInt8(ascii: "/")
    let parts = text.utf8.dropFirst(5).split(separator: slash, maxSplits: 1, omittingEmptySubsequences: false)
    bucket = String(Substring(parts[0]))
    guard !bucket.contains("@") else { throw refused("The address carries a user name or a password") }
    let allowed = bucket.utf8.allSatisfy {
      switch $0 {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
        true
      default: false
      }
    }
    guard (3...255).contains(bucket.utf8.count), allowed, !bucket.hasPrefix("."), !bucket.contains("..") else {
      throw refused("'\(bucket.prefix(80))' cannot be the name of a bucket")
    }
    var rest = parts.count > 1 ? parts[1] : Substring("").utf8
    while rest.last == slash { rest.removeLast() }
    while rest.first == slash { rest.removeFirst() }
    guard rest.count <= 900, rest.allSatisfy({ $0 >= 32 && $0 != 127 }) else {
      throw refused("The prefix is too long, or holds control characters")
    }
    prefix = String(Substring(rest))
  }

  func key(of name: String) -> String { prefix.isEmpty ? name : "\(prefix)/\(name)" }

  /// Whether the name can stand before the host of AWS: no dots, which its certificate does not cover.
  var fitsHostName: Bool {
    bucket.utf8.count <= 63 && !bucket.hasPrefix("-") && !bucket.hasSuffix("-")
      && bucket.utf8.allSatisfy {
        switch $0 {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
        default: false
        }
      }
  }
}
