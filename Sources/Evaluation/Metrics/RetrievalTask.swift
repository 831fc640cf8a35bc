/// What is searched among what, and what is right: the labels of an evaluation, without any model.
public struct RetrievalTask: Sendable, Equatable {
  /// A line of the data set: a clip with its image, or an image alone.
  public struct Entry: Sendable, Equatable {
    /// Nil for an image alone, which is in the gallery and asks nothing.
    public var clipID: String?
    public var imageID: String
    public var liveID: String
    /// Images that answer the clip; none means `imageID`.
    public var answers: [String]
    public var tags: [String: String]

    public init(
      clipID: String?, imageID: String, liveID: String, answers: [String] = [], tags: [String: String] = [:]
    ) {
      self.clipID = clipID
      self.imageID = imageID
      self.liveID = liveID
      self.answers = answers
      self.tags = tags
    }
  }

  /// A clip, and where its right images are.
  public struct Query: Sendable, Equatable {
    public var clipID: String
    /// The number of its gallery.
    public var gallery: Int
    /// Places in the gallery, ascending, each once; none for a query that nobody could answer.
    public var answers: [Int]
    public var tags: [String: String]
  }

  /// Every distinct picture, in the order of first appearance: an id is one picture, whichever lives show it.
  public let imageIDs: [String]
  /// One a live, in the order of first appearance.
  public let galleries: [Gallery]
  /// Every entry with a clip, in order.
  public let queries: [Query]

  /// An image of any entry of a live is in the gallery of the live. A right image that is not there is no answer.
  public init(_ entries: [Entry]) {
    var numbers: [String: Int] = [:]
    var imageIDs: [String] = []
    var galleryOfLive: [String: Int] = [:]
    var galleries: [Gallery] = []
    for entry in entries {
      let image = numbers[entry.imageID] ?? imageIDs.count
      if image == imageIDs.count {
        numbers[entry.imageID] = image
        imageIDs.append(entry.imageID)
      }
      let gallery = galleryOfLive[entry.liveID] ?? galleries.count
      if gallery == galleries.count {
        galleryOfLive[entry.liveID] = gallery
        galleries.append(Gallery(liveID: entry.liveID))
      }
      galleries[gallery].insert(image)
    }
    self.imageIDs = imageIDs
    self.galleries = galleries
    queries = entries.compactMap { entry in
      guard let clipID = entry.clipID, let gallery = galleryOfLive[entry.liveID] else { return nil }
      let right = entry.answers.isEmpty ? [entry.imageID] : entry.answers
      let places = Set(right.compactMap { numbers[$0].flatMap { galleries[gallery].place(of: $0) } })
      return Query(clipID: clipID, gallery: gallery, answers: places.sorted(), tags: entry.tags)
    }
  }
}

extension RetrievalTask {
  /// The images that query `number` is searched among, as numbers of `imageIDs`.
  public func images(ofQuery number: Int) -> [Int] { galleries[queries[number].gallery].images }

  /// The rank of the best right image of query `number`, from 1, or nil without one in its gallery.
  ///
  /// - Parameters:
  ///   - clips: one row a query.
  ///   - images: one row a picture of `imageIDs`.
  public func rank(
    ofQuery number: Int, clips: EmbeddingTable, images: EmbeddingTable, textWeight: Double
  ) -> Int? {
    let scores = clips.scores(
      ofRow: number, against: images, rows: self.images(ofQuery: number), textWeight: textWeight)
    return Scores.rank(ofBest: queries[number].answers, in: scores)
  }
}
