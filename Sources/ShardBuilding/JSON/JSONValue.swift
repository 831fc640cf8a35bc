/// A JSON value as it is written: the members of an object keep their order, a number keeps its digits.
///
/// Foundation's reader loses the order of an object's members and takes the last of two members of one name.
indirect enum JSONValue: Equatable, Sendable {
  case null
  case boolean(Bool)
  /// The digits as they stand in the text.
  case number(String)
  case string(String)
  case list([JSONValue])
  case object([Member])

  struct Member: Equatable, Sendable {
    var name: String
    var value: JSONValue
  }

  var string: String? {
    guard case .string(let text) = self else { return nil }
    return text
  }

  var members: [Member]? {
    guard case .object(let members) = self else { return nil }
    return members
  }

  /// The strings of a list of strings, or nil for anything else.
  var strings: [String]? {
    guard case .list(let items) = self else { return nil }
    var strings: [String] = []
    strings.reserveCapacity(items.count)
    for item in items {
      guard case .string(let text) = item else { return nil }
      strings.append(text)
    }
    return strings
  }

  /// The member of an object; nil for another name and for any other value.
  subscript(name: String) -> JSONValue? { members?.first { $0.name == name }?.value }
}
