/// What an evaluation found, and on what: docs/evaluation.md explains every number.
public struct RetrievalReport: Codable, Sendable, Equatable {
  public var model: ModelOrigin
  /// Nil for scores that came from elsewhere.
  public var data: DataOrigin?
  /// Whether ASR and title took part in the scores.
  public var usesText: Bool
  /// λ of the text scores; nil without text.
  public var textWeight: Double?
  /// Nil without text, and for scores that came from elsewhere.
  public var texts: Texts?
  public var overall: Recall
  /// By `key/value` of the tags, such as `scale/small`: the queries that have the tag.
  public var subsets: [String: Recall]
  /// Tags with more than `maximumTagValueCount` values, which name samples rather than group them.
  public var ungroupedTags: [String]
  /// One a live that has queries, in the order of the data set.
  public var lives: [Live]
  public var galleries: Galleries
  public var unanswerable: Unanswerable

  /// The weights that were evaluated, as far as they are known.
  public struct ModelOrigin: Codable, Sendable, Equatable {
    public var checkpoint: String?
    public var step: Int?
    /// What its products were computed in: float32 or bf16.
    public var precision: String?

    public init(checkpoint: String? = nil, step: Int? = nil, precision: String? = nil) {
      self.checkpoint = checkpoint
      self.step = step
      self.precision = precision
    }
  }

  /// The shards that were evaluated on.
  public struct DataOrigin: Codable, Sendable, Equatable {
    public var folder: String
    /// 16 hexadecimal digits, equal for sets of equal samples in equal order.
    public var fingerprint: String

    public init(folder: String, fingerprint: UInt64) {
      self.folder = folder
      let digits = String(fingerprint, radix: 16)
      self.fingerprint = String(repeating: "0", count: 16 - digits.count) + digits
    }
  }

  /// How many have the text that the text scores compare; the others have 0 there.
  public struct Texts: Codable, Sendable, Equatable {
    /// Queries with ASR.
    public var clips: Int
    public var clipCount: Int
    /// Distinct images with a title.
    public var images: Int
    public var imageCount: Int

    public init(clips: Int, of clipCount: Int, images: Int, of imageCount: Int) {
      (self.clips, self.clipCount, self.images, self.imageCount) = (clips, clipCount, images, imageCount)
    }

    enum CodingKeys: String, CodingKey {
      case clips, images
      case clipCount = "of_clips"
      case imageCount = "of_images"
    }
  }

  public struct Live: Codable, Sendable, Equatable {
    public var live: String
    /// Pictures in its gallery.
    public var images: Int
    public var recall: Recall
  }

  /// What the queries were searched among.
  public struct Galleries: Codable, Sendable, Equatable {
    public var lives: Int
    /// The sizes of all galleries together: a picture that two lives show counts in both.
    public var images: Int
    /// images / lives
    public var meanSize: Double
    /// R@1 of guessing: the mean over the queries of (right images in the gallery) / (size of the gallery).
    public var chanceR1: Double

    enum CodingKeys: String, CodingKey {
      case lives, images
      case meanSize = "mean_size"
      case chanceR1 = "chance_r1"
    }
  }

  /// Queries none of whose right images is in the gallery of their live. They are in every count, as misses.
  public struct Unanswerable: Codable, Sendable, Equatable {
    public var queries: Int
    /// The first `maximumUnanswerableCount` of them.
    public var clips: [String]
  }

  public static let maximumTagValueCount = 64
  public static let maximumUnanswerableCount = 20

  enum CodingKeys: String, CodingKey {
    case model, data, texts, overall, subsets, lives, galleries, unanswerable
    case usesText = "text"
    case textWeight = "text_weight"
    case ungroupedTags = "ungrouped_tags"
  }
}

extension RetrievalReport {
  /// The report of a task whose queries have these ranks (`Scores.rank`).
  ///
  /// - Parameter textWeight: λ if text took part in the scores, else nil.
  public init(
    _ task: RetrievalTask, ranks: [Int?], textWeight: Double? = nil, model: ModelOrigin = ModelOrigin(),
    data: DataOrigin? = nil, texts: Texts? = nil
  ) {
    precondition(ranks.count == task.queries.count, "\(ranks.count) ranks for \(task.queries.count) queries")
    self.model = model
    self.data = data
    self.texts = texts
    usesText = textWeight != nil
    self.textWeight = textWeight
    overall = Recall(ranks: ranks)
    (subsets, ungroupedTags) = RetrievalReport.subsets(task, ranks)
    lives = RetrievalReport.lives(task, ranks)
    galleries = Galleries(task)
    let lost = task.queries.filter(\.answers.isEmpty)
    unanswerable = Unanswerable(
      queries: lost.count, clips: lost.prefix(RetrievalReport.maximumUnanswerableCount).map(\.clipID))
  }

  /// The report of scores that any model gave.
  ///
  /// - Parameter scores: of every query, one number an image of its gallery, in the order of the gallery.
  public init(_ task: RetrievalTask, scores: [[Float]], textWeight: Double? = nil, model: ModelOrigin = ModelOrigin()) {
    precondition(scores.count == task.queries.count, "\(scores.count) rows for \(task.queries.count) queries")
    let ranks = zip(task.queries, scores).map { query, row in
      let size = task.galleries[query.gallery].images.count
      precondition(row.count == size, "\(row.count) scores for the \(size) images of clip '\(query.clipID)'")
      return Scores.rank(ofBest: query.answers, in: row)
    }
    self.init(task, ranks: ranks, textWeight: textWeight, model: model)
  }

  /// The report of embeddings that any model made.
  ///
  /// - Parameters:
  ///   - clips: one row a query.
  ///   - images: one row a picture of `task.imageIDs`.
  ///   - textWeight: λ, used where both tables have text.
  public init(
    _ task: RetrievalTask, clips: EmbeddingTable, images: EmbeddingTable, textWeight: Double = 0,
    model: ModelOrigin = ModelOrigin()
  ) {
    precondition(clips.count == task.queries.count, "\(clips.count) rows for \(task.queries.count) queries")
    precondition(images.count == task.imageIDs.count, "\(images.count) rows for \(task.imageIDs.count) pictures")
    let ranks = task.queries.indices.map {
      task.rank(ofQuery: $0, clips: clips, images: images, textWeight: textWeight)
    }
    let usesText = clips.text != nil && images.text != nil
    self.init(task, ranks: ranks, textWeight: usesText ? textWeight : nil, model: model)
  }

  private static func subsets(_ task: RetrievalTask, _ ranks: [Int?]) -> (subsets: [String: Recall], left: [String]) {
    var groups: [String: [String: [Int?]]] = [:]
    var left: Set<String> = []
    for (query, rank) in zip(task.queries, ranks) {
      for (key, value) in query.tags where !value.isEmpty && !left.contains(key) {
        groups[key, default: [:]][value, default: []].append(rank)
        guard groups[key]!.count > maximumTagValueCount else { continue }
        groups[key] = nil
        left.insert(key)
      }
    }
    var subsets: [String: Recall] = [:]
    for (key, values) in groups {
      for (value, ranks) in values { subsets["\(key)/\(value)"] = Recall(ranks: ranks) }
    }
    return (subsets, left.sorted())
  }

  private static func lives(_ task: RetrievalTask, _ ranks: [Int?]) -> [Live] {
    var ofGallery = [[Int?]](repeating: [], count: task.galleries.count)
    for (query, rank) in zip(task.queries, ranks) { ofGallery[query.gallery].append(rank) }
    return zip(task.galleries, ofGallery).compactMap { gallery, ranks in
      ranks.isEmpty ? nil : Live(live: gallery.liveID, images: gallery.images.count, recall: Recall(ranks: ranks))
    }
  }
}

extension RetrievalReport.Galleries {
  init(_ task: RetrievalTask) {
    lives = task.galleries.count
    images = task.galleries.reduce(0) { $0 + $1.images.count }
    meanSize = Double(images) / Double(max(1, lives))
    let shares = task.queries.map { Double($0.answers.count) / Double(task.galleries[$0.gallery].images.count) }
    chanceR1 = shares.reduce(0, +) / Double(max(1, shares.count))
  }
}
