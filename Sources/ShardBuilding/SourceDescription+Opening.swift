import DurableFiles
import Faults
import Synchronization

extension SourceDescription {
  /// A source, open.
  public struct Opened: Sendable {
    public let catalog: any SampleCatalog
    /// Encoder and width of the vectors that the samples bring along; nil and 0 without any.
    public let textEncoder: String?
    public let textWidth: Int
  }

  /// What is being scanned, and the share of it that is done, 0 … 1.
  public typealias ScanProgress = @Sendable (_ what: String, _ share: Double) -> Void

  /// This rank's part of the source: its share of the lines, of the archives, of the embedding files.
  ///
  /// `progress` is called on any thread. Throws what `validate` throws, `Fault(.inputMissing)` for what is not there,
  /// and `Fault(.badData)` for what is not of its form.
  public func scan(
    rank: Int = 0, of rankCount: Int = 1, threadCount: Int, progress: @escaping ScanProgress = { _, _ in }
  ) throws -> SourceScan {
    precondition(rank >= 0 && rank < rankCount, "rank \(rank) of \(rankCount)")
    try validate()
    var part = SourceScan()
    if let (paths, form) = try lines() {
      let total = try paths.reduce(0) { $0 + (try FileReader($1).byteCount) } / rankCount
      let counter = Counter(total: total) { progress("lines", $0) }
      part.lines = try LineCatalog.scan(
        paths, form: form, share: (rank, rankCount), threadCount: threadCount, progress: { counter.add($0) })
    }
    if let (frames, images) = try pictureRoots() {
      func entries(_ roots: [String], _ what: String) throws -> [PictureIndex.Entry] {
        let total = try PictureContainer.all(in: roots).count / rankCount
        let counter = Counter(total: total) { progress(what, $0) }
        return try PictureStore.scan(
          roots, share: (rank, rankCount), threadCount: threadCount, progress: { counter.add($0) })
      }
      part.frames = try entries(frames, "archives of frames")
      if images != frames { part.images = try entries(images, "archives of images") }
    }
    if let embeddings {
      func words(_ path: String, _ prefix: String, _ what: String) throws -> [UInt64] {
        let counter = Counter(total: try FileReader(path).byteCount) { progress(what, $0) }
        return try EmbeddingScan.table(of: path, prefix: prefix, progress: { counter.add($0) }).words
      }
      if let clips = embeddings.clips, rank == 0 {
        part.clipEmbeddings = try words(clips, EmbeddedCatalog.clipPrefix, "embeddings of clips")
      }
      if let items = embeddings.items, rank == 1 % rankCount {
        part.itemEmbeddings = try words(items, EmbeddedCatalog.itemPrefix, "embeddings of items")
      }
    }
    return part
  }

  /// The source from the parts of all ranks, in the order of the ranks. Throws as `scan` does.
  public func open(_ parts: [SourceScan]) throws -> Opened {
    try validate()
    let scan = SourceScan.joined(parts)
    let catalog = try catalog(scan)
    guard let embeddings else { return Opened(catalog: catalog, textEncoder: nil, textWidth: 0) }
    let clips = try file(embeddings.clips, scan.clipEmbeddings)
    let items = try file(embeddings.items, scan.itemEmbeddings)
    let widths = [clips, items].compactMap { $0?.table.width }
    guard let width = widths.first, widths.allSatisfy({ $0 == width }) else {
      throw Fault(
        .badData, "Vectors of \(widths.first ?? 0) numbers for clips and \(widths.last ?? 0) for items",
        at: embeddings.items, remedy: "Give two files of one encoder")
    }
    let embedded = EmbeddedCatalog(catalog, clips: clips, items: items)
    try embedded.refuseStrangers()
    return Opened(catalog: embedded, textEncoder: embeddings.name, textWidth: width)
  }

  /// The source, scanned and opened by one process.
  public func open(threadCount: Int, progress: @escaping ScanProgress = { _, _ in }) throws -> Opened {
    try open([scan(threadCount: threadCount, progress: progress)])
  }

  private func catalog(_ scan: SourceScan) throws -> any SampleCatalog {
    func stores() throws -> (frames: PictureStore, images: PictureStore) {
      guard let (frames, images) = try pictureRoots() else { preconditionFailure("a source without pictures' places") }
      let store = try PictureStore(frames, entries: scan.frames)
      return (store, frames == images ? store : try PictureStore(images, entries: scan.images))
    }
    switch samples {
    case .manifest(let path, let allowOutside):
      return try LineCatalog(
        [path], form: ManifestParser(path: path, allowOutside: allowOutside), table: scan.lines)
    case .lpr4mTrain(let paths, _, _):
      let stores = try stores()
      return try LineCatalog(
        paths, form: LPR4MTraining(frames: stores.frames, images: stores.images), table: scan.lines)
    case .lpr4mTest(let folder, _, _):
      let stores = try stores()
      return try LPR4MTest.catalog(
        LPR4MTest.annotations(in: folder), frames: stores.frames, images: stores.images)
    case .lpr4mSubset(let folder, let part):
      let subset = LPR4MSubset(folder: folder)
      let stores = try stores()
      switch part {
      case .train:
        let form = LPR4MTraining(frames: stores.frames, images: stores.images, folder: folder)
        return try LineCatalog(subset.trainingPaths(), form: form, table: scan.lines)
      case .test:
        return try LPR4MTest.catalog(subset.testAnnotations(), frames: stores.frames, images: stores.images)
      }
    case .movingFashion(let folder, let part): return try MovingFashion.catalog(folder: folder, part: part)
    }
  }

  /// The text files of a source of lines, and the form of the lines as far as scanning needs it.
  private func lines() throws -> (paths: [String], form: any LineForm)? {
    switch samples {
    case .manifest(let path, let allowOutside):
      ([path], ManifestParser(path: path, allowOutside: allowOutside))
    case .lpr4mTrain(let paths, _, _): (paths, LPR4MTraining.Keys())
    case .lpr4mSubset(let folder, .train): (try LPR4MSubset(folder: folder).trainingPaths(), LPR4MTraining.Keys())
    default: nil
    }
  }

  /// Where frames and images are looked for.
  private func pictureRoots() throws -> (frames: [String], images: [String])? {
    switch samples {
    case .lpr4mTrain(_, let frames, let images), .lpr4mTest(_, let frames, let images): (frames, images)
    case .lpr4mSubset(let folder, .train):
      (try LPR4MSubset(folder: folder).trainingFrames(), try LPR4MSubset(folder: folder).trainingImages())
    case .lpr4mSubset(let folder, .test):
      (try LPR4MSubset(folder: folder).testFrames(), try LPR4MSubset(folder: folder).testImages())
    default: nil
    }
  }

  private func file(_ path: String?, _ words: [UInt64]) throws -> EmbeddingFile? {
    guard let path else { return nil }
    guard let table = EmbeddingTable(words: words) else {
      throw Fault(.internalError, "No rank has read the embeddings", at: path)
    }
    return try EmbeddingFile(path: path, table: table)
  }

  /// Counts what many threads have done.
  private final class Counter: Sendable {
    private let total: Int
    private let done = Atomic(0)
    private let report: @Sendable (Double) -> Void

    init(total: Int, report: @escaping @Sendable (Double) -> Void) {
      self.total = total
      self.report = report
    }

    func add(_ count: Int) {
      let sum = done.add(count, ordering: .relaxed).newValue
      report(total > 0 ? min(1, Double(sum) / Double(total)) : 1)
    }
  }
}
