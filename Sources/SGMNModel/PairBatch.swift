import TensorCore

/// A batch of clip–image pairs as the model takes it.
///
/// Axes: N pairs, L frames a clip at most, F frames that are encoded, R pixels a side, E width of a text embedding,
/// T tokens of a text at most.
public struct PairBatch: Sendable {
  public var pairCount: Int
  /// L
  public var frameCount: Int
  /// Of images and frames.
  public var layout: PixelLayout
  /// Images and frames, one behind the other, where a device has them; `images` and `frames` are empty then.
  public var staged: (any StagedPictures)?
  /// N pictures of R² pixels.
  public var images: [UInt8]
  /// The frames that are encoded, F pictures of R² pixels: the valid ones, padding costs nothing.
  public var frames: [UInt8]
  /// Where each encoded frame belongs: pair·L + t, [F].
  public var frameSlots: [Int32]
  /// Which frames are valid, [N, L]; at least one a pair.
  public var mask: [Bool]
  /// Equal where two pairs show the same product, [N].
  public var productKeys: [UInt64]
  public var asr = TextInput()
  public var title = TextInput()
  /// Uniform numbers for `mining: distance`, [5, 2, N]: visual, text, graph/graph, plain/graph, graph/plain, each
  /// by row and by column. With `negatives: global`, N are the pairs of all ranks.
  public var uniform: [Double] = []

  /// The text of every pair.
  public struct TextInput: Sendable {
    /// Pooled embeddings of the frozen text encoder, [N, E].
    public var pooled: [Float] = []
    /// Token features and which are there, [N, T, width] and [N, T], for the gated filter.
    public var tokens: [Float] = []
    public var tokenMask: [Bool] = []
    /// Whether a pair has this text, [N]; empty where all have. What stands in the place of a missing one is never read.
    public var isPresent: [Bool] = []
    /// Ids of the tokens of every text, [N], at least one each, where the model encodes texts itself; then nothing but
    /// `isPresent` is read beside them.
    public var ids: [[Int32]] = []

    public init(
      pooled: [Float] = [], tokens: [Float] = [], tokenMask: [Bool] = [], isPresent: [Bool] = [], ids: [[Int32]] = []
    ) {
      self.isPresent = isPresent
      self.ids = ids
      self.pooled = pooled
      self.tokens = tokens
      self.tokenMask = tokenMask
    }

    /// The texts of these rows of N alone, all of them there.
    func picking(_ rows: [Int], of n: Int) -> TextInput {
      func picked<Value>(_ values: [Value]) -> [Value] {
        let width = values.count / n
        return rows.flatMap { values[($0 * width)..<(($0 + 1) * width)] }
      }
      return TextInput(
        pooled: picked(pooled), tokens: picked(tokens), tokenMask: picked(tokenMask), ids: picked(ids))
    }
  }

  public init(
    pairCount: Int, frameCount: Int, layout: PixelLayout = .rgb, images: [UInt8], frames: [UInt8],
    frameSlots: [Int32], mask: [Bool], productKeys: [UInt64]
  ) {
    self.pairCount = pairCount
    self.frameCount = frameCount
    self.layout = layout
    self.images = images
    self.frames = frames
    self.frameSlots = frameSlots
    self.mask = mask
    self.productKeys = productKeys
  }

  /// Valid frames of every clip.
  public var validCounts: [Int] {
    (0..<pairCount).map { pair in mask[(pair * frameCount)..<((pair + 1) * frameCount)].count { $0 } }
  }
}
