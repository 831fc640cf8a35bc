import TextEncoding

/// Where the vectors of titles and speech come from.
public enum TextVectors: Codable, Sendable, Equatable {
  /// The set has none.
  case none
  /// The built-in encoder makes them while the set is built.
  case hashedNgrams
  /// The source gives them, made by an encoder of this name.
  case given(name: String, width: Int)

  /// The name that a set keeps.
  var name: String? {
    switch self {
    case .none: nil
    case .hashedNgrams: HashedNgramEncoder().name
    case .given(let name, _): name
    }
  }

  var width: Int {
    switch self {
    case .none: 0
    case .hashedNgrams: HashedNgramEncoder().width
    case .given(_, let width): width
    }
  }
}
