/// What a server says an object is, so that one that is replaced between two reads is noticed: its ETag, or else when it
/// was last modified.
struct Validator: Equatable, Sendable {
  enum Kind: String { case entityTag, weakEntityTag, lastModified }

  var kind: Kind
  var text: String

  init(_ kind: Kind, _ text: String) {
    self.kind = kind
    self.text = text
  }

  init?(_ head: HTTPHead) {
    if let tag = head["etag"], !tag.isEmpty {
      self.init(tag.hasPrefix("W/") ? .weakEntityTag : .entityTag, tag)
    } else if let date = head["last-modified"], !date.isEmpty {
      self.init(.lastModified, date)
    } else {
      return nil
    }
  }

  /// The header that makes the server refuse (412) if the object is another by now. A weak tag has none: it is only
  /// compared with the tag of the response.
  var condition: (name: String, value: String)? {
    switch kind {
    case .entityTag: ("If-Match", text)
    case .weakEntityTag: nil
    case .lastModified: ("If-Unmodified-Since", text)
    }
  }
}
