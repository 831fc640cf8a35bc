import DurableFiles
import Faults

/// A shared file of AWS profiles: `~/.aws/credentials` or `~/.aws/config`.
struct AWSProfileFile: Sendable {
  /// Keys and values by the name of the profile.
  private(set) var profiles: [String: [String: String]] = [:]
  private static let limit = 1 << 20

  /// Reads a file; one that does not exist has no profiles.
  /// - Parameter isConfiguration: in the configuration file sections are called `[profile NAME]`, but for `[default]`.
  init(path: String, isConfiguration: Bool) throws {
    var bytes: [UInt8] = []
    do {
      bytes = try FileReader.contents(of: path, limit: AWSProfileFile.limit)
    } catch let fault as Fault where fault.code == .inputMissing {
      // Most machines lack one of the two files.
    }
    self.init(text: String(decoding: bytes, as: UTF8.self), isConfiguration: isConfiguration)
  }

  init(text: String, isConfiguration: Bool) {
    var profile: String?
    for line in text.split(whereSeparator: \.isNewline) {
      let words = AWSProfileFile.trimmed(line)
      guard let first = words.first, first != "#", first != ";" else { continue }
      if first == "[" {
        guard let end = words.firstIndex(of: "]") else { continue }
        profile = AWSProfileFile.profile(words[words.index(after: words.startIndex)..<end], isConfiguration)
        if let profile, profiles[profile] == nil { profiles[profile] = [:] }
        continue
      }
      // Indented lines are settings of a setting, such as those below "s3 =".
      guard let profile, !line.first!.isWhitespace, let equals = words.firstIndex(of: "=") else { continue }
      let key = AWSProfileFile.trimmed(words[..<equals]).lowercased()
      var value = AWSProfileFile.trimmed(words[words.index(after: equals)...])
      if let comment = value.range(of: " #") ?? value.range(of: " ;") {
        value = AWSProfileFile.trimmed(value[..<comment.lowerBound])
      }
      profiles[profile]?[key] = value
    }
  }

  /// The profile of a section, nil for a section that is none.
  private static func profile(_ section: Substring, _ isConfiguration: Bool) -> String? {
    let name = trimmed(section)
    guard isConfiguration, name != "default" else { return name }
    guard name.hasPrefix("profile"), let space = name.firstIndex(where: \.isWhitespace) else { return nil }
    var rest = trimmed(name[space...])
    for quote in ["\"", "'"] where rest.count > 1 && rest.hasPrefix(quote) && rest.hasSuffix(quote) {
      rest = String(rest.dropFirst().dropLast())
    }
    return rest
  }

  private static func trimmed(_ text: some StringProtocol) -> String {
    var rest = Substring(text)
    while rest.first?.isWhitespace == true { rest.removeFirst() }
    while rest.last?.isWhitespace == true { rest.removeLast() }
    return String(rest)
  }
}

extension String {
  /// The first place of `text`, without Foundation.
  fileprivate func range(of text: String) -> Range<Index>? {
    ranges(of: text).first
  }
}
