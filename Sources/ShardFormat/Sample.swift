/// A clip, the product picture that answers it, and what is known about both; or, with no frames, a picture alone.
public struct Sample: Equatable, Sendable {
  public var clipID: String
  public var imageID: String
  /// The live stream or video that the clip was cut from.
  public var liveID: String
  /// Samples of one product are positives of each other.
  public var productID: String
  public var categoryID: String
  public var title: String
  /// What is said in the clip (automatic speech recognition).
  public var asr: String
  /// Anything else worth filtering by, such as `scale`, `duration`, `number`.
  public var tags: [String: String]
  /// The images that answer this clip; none means `imageID` alone.
  public var rightImageIDs: [String]
  /// The place of every stored frame in its source clip; the count is the number of frames.
  public var frameIndices: [Int32]
  /// `[frames, 3, R, R]`, planes red, green, blue.
  public var frames: [UInt8]
  /// `[3, R, R]`, planes red, green, blue.
  public var image: [UInt8]
  /// `[textWidth]`, or empty where there is no title; stored as binary16, zeros alone as empty.
  public var titleEmbedding: [Float]
  /// `[textWidth]`, or empty where nothing is said; stored as binary16, zeros alone as empty.
  public var asrEmbedding: [Float]
  /// Token features, in sets that have them; there where the embeddings are.
  public var tokens: SampleTokens

  public init(
    clipID: String = "", imageID: String = "", liveID: String = "", productID: String = "", categoryID: String = "",
    title: String = "", asr: String = "", tags: [String: String] = [:], rightImageIDs: [String] = [],
    frameIndices: [Int32] = [], frames: [UInt8] = [], image: [UInt8] = [], titleEmbedding: [Float] = [],
    asrEmbedding: [Float] = [], tokens: SampleTokens = SampleTokens()
  ) {
    self.clipID = clipID
    self.imageID = imageID
    self.liveID = liveID
    self.productID = productID
    self.categoryID = categoryID
    self.title = title
    self.asr = asr
    self.tags = tags
    self.rightImageIDs = rightImageIDs
    self.frameIndices = frameIndices
    self.frames = frames
    self.image = image
    self.titleEmbedding = titleEmbedding
    self.asrEmbedding = asrEmbedding
    self.tokens = tokens
  }

  public var frameCount: Int { frameIndices.count }

  /// Everything but the pixels and token features.
  public var summary: SampleSummary {
    SampleSummary(
      clipID: clipID, imageID: imageID, liveID: liveID, productID: productID, categoryID: categoryID, title: title,
      asr: asr, tags: tags, rightImageIDs: rightImageIDs, frameIndices: frameIndices, titleEmbedding: titleEmbedding,
      asrEmbedding: asrEmbedding)
  }

  /// A summary with its pixels.
  init(_ summary: SampleSummary, image: [UInt8], frames: [UInt8], tokens: SampleTokens) {
    self.init(
      clipID: summary.clipID, imageID: summary.imageID, liveID: summary.liveID, productID: summary.productID,
      categoryID: summary.categoryID, title: summary.title, asr: summary.asr, tags: summary.tags,
      rightImageIDs: summary.rightImageIDs, frameIndices: summary.frameIndices, frames: frames, image: image,
      titleEmbedding: summary.titleEmbedding, asrEmbedding: summary.asrEmbedding,
      tokens: tokens)
  }
}
