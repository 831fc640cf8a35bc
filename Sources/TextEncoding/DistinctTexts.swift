/// Some texts without those that are blank, each once, in the order in which they come first.
///
/// Texts are told apart by their bytes: strings that Unicode calls equal need not be to an encoder.
public struct DistinctTexts: Sendable {
  public private(set) var texts: [String] = []
  /// Which of `texts` each text is; nil where it is blank.
  public private(set) var rows: [Int?] = []

  public init(_ texts: [String]) {
    var places: [[UInt8]: Int] = [:]
    for text in texts {
      guard !text.isBlankText else {
        rows.append(nil)
        continue
      }
      let place = places[Array(text.utf8), default: self.texts.count]
      if place == self.texts.count {
        places[Array(text.utf8)] = place
        self.texts.append(text)
      }
      rows.append(place)
    }
  }
}
