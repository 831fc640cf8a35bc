/// Which pairs of N have which of their texts, where some lack one.
public struct TextPresence: Sendable, Equatable {
  /// Whether the clip of a pair has its ASR, [N].
  public let asr: [Bool]
  /// Whether the image of a pair has its title, [N].
  public let title: [Bool]

  /// Of lists of N, empty where every pair has the text; nil where no text is missing.
  public init?(asr: [Bool], title: [Bool], pairCount: Int) {
    precondition(
      [asr.count, title.count].allSatisfy { [0, pairCount].contains($0) },
      "which of \(asr.count) and \(title.count) texts are there, of \(pairCount) pairs")
    guard asr.contains(false) || title.contains(false) else { return nil }
    let all = [Bool](repeating: true, count: pairCount)
    (self.asr, self.title) = (asr.isEmpty ? all : asr, title.isEmpty ? all : title)
  }
}
