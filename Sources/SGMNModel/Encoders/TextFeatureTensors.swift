import TensorCore
import TextModel

/// What a text encoder made of N texts: of the whole text, and of its tokens.
///
/// Axes: N texts, T tokens, E pooled embedding, W width of a token.
struct TextFeatureTensors {
  let pooled: Tensor  // (N, E)
  /// Features (N, T, W), and 1 for tokens that are there, (N, T).
  let tokens: (features: Tensor, mask: Tensor)?

  /// Features that are given, all N of them.
  init(stored text: PairBatch.TextInput, texts: Int, hasTokens: Bool, dtype: DType, backend: any Backend) {
    let tensor = { (values: [Float], shape: [Int]) in Tensor(values, shape: shape, dtype: dtype, backend: backend) }
    pooled = tensor(text.pooled, [texts, text.pooled.count / texts])
    guard hasTokens else {
      tokens = nil
      return
    }
    let count = text.tokenMask.count / texts
    tokens = (
      tensor(text.tokens, [texts, count, text.tokens.count / (texts * count)]),
      tensor(text.tokenMask.map { $0 ? 1 : 0 }, [texts, count])
    )
  }

  /// Encodes texts, at least one, of which each has a token; equal ones once, and their gradients sum.
  init(of ids: [[Int32]], by encoder: BERTEncoder, hasTokens: Bool, dtype: DType) {
    let distinct = DistinctTexts(ids)
    let batch = TokenBatch(distinct.texts)
    let output = encoder(batch)
    let (texts, count, width) = (ids.count, batch.tokenCount, output.tokens.columnCount)
    pooled = output.pooled.gatheringRows(distinct.rows, shape: [texts, output.pooled.columnCount])
      .converted(to: dtype)
    guard hasTokens else {
      tokens = nil
      return
    }
    // The tokens of a text are picked as one long row.
    let features = output.tokens.reshaped([batch.lengths.count, count * width])
      .gatheringRows(distinct.rows, shape: [texts, count * width]).reshaped([texts, count, width])
    let mask = ids.flatMap { text in (0..<count).map { $0 < text.count ? Float(1) : 0 } }
    tokens = (
      features.converted(to: dtype), Tensor(mask, shape: [texts, count], dtype: dtype, backend: features.backend)
    )
  }
}

/// The texts of a list that differ, and which of them each is.
struct DistinctTexts {
  /// In the order in which they first come.
  private(set) var texts: [[Int32]] = []
  /// The row of `texts` of each of the list.
  private(set) var rows: [Int32] = []

  init(_ all: [[Int32]]) {
    var known: [[Int32]: Int32] = [:]
    for text in all {
      let row = known[text] ?? Int32(texts.count)
      if row == texts.count {
        known[text] = row
        texts.append(text)
      }
      rows.append(row)
    }
  }
}
