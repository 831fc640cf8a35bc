/// Embeddings of clips or of images, one row each, of any model.
public struct EmbeddingTable: Sendable, Equatable {
  /// Rows.
  public let count: Int
  /// Numbers of a row.
  public let width: Int
  /// `[count, width]`
  public let visual: [Float]
  /// `[count, textWidth]`, the ASR of clips or the title of images, a row of zeros where there is none; nil without
  /// text.
  public let text: [Float]?
  public let textWidth: Int

  /// Traps where the numbers are not `count` rows.
  public init(count: Int, visual: [Float], text: [Float]? = nil) {
    precondition(count > 0 && visual.count % count == 0, "\(visual.count) numbers are not \(count) rows")
    precondition((text?.count ?? 0) % count == 0, "\(text?.count ?? 0) numbers of text are not \(count) rows")
    self.count = count
    self.visual = visual
    self.text = text
    width = visual.count / count
    textWidth = (text?.count ?? 0) / count
  }

  /// score(r, g) = visual[r]·other.visual[g] + textWeight·text[r]·other.text[g] for every g of `others`.
  ///
  /// The second term is 0 where either table has no text.
  public func scores(ofRow row: Int, against other: EmbeddingTable, rows others: [Int], textWeight: Double) -> [Float] {
    precondition(
      width == other.width, "embeddings of \(width) numbers against embeddings of \(other.width) numbers")
    let visual = EmbeddingTable.products(self.visual, row, other.visual, others, width: width)
    guard let text, let otherText = other.text else { return visual }
    precondition(
      textWidth == other.textWidth, "texts of \(textWidth) numbers against texts of \(other.textWidth) numbers")
    let weight = Float(textWeight)
    let texts = EmbeddingTable.products(text, row, otherText, others, width: textWidth)
    return zip(visual, texts).map { $0 + weight * $1 }
  }

  private static func products(_ a: [Float], _ row: Int, _ b: [Float], _ rows: [Int], width: Int) -> [Float] {
    precondition((row + 1) * width <= a.count && rows.allSatisfy { ($0 + 1) * width <= b.count }, "no such row")
    guard width > 0 else { return [Float](repeating: 0, count: rows.count) }
    return a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        let left = a.baseAddress! + row * width
        return rows.map { Scores.dot(left, b.baseAddress! + $0 * width, count: width) }
      }
    }
  }
}
