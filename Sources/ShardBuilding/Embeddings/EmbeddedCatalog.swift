import DurableFiles
import Faults
import Synchronization

/// A catalog whose texts come with vectors: speech by the clip's id, titles by the image's.
///
/// A text whose id the files do not have gets no vector; the sample stays. `missing` says how many there were.
public final class EmbeddedCatalog: SampleCatalog {
  static let clipPrefix = "clip/"
  static let itemPrefix = "item/"

  /// Texts asked for so far, in this process, that have no vector: 0 in a complete set.
  public struct Missing: Sendable, Equatable {
    public var speechCount = 0
    public var titleCount = 0
  }

  private let base: any SampleCatalog
  private let clips: EmbeddingFile?
  private let items: EmbeddingFile?
  private let counts = Mutex(Missing())

  /// - Parameters:
  ///   - clips: vectors of speech by `clip/ID`; nil for none at all.
  ///   - items: vectors of titles by `item/ID`; nil for none at all.
  init(_ base: any SampleCatalog, clips: EmbeddingFile?, items: EmbeddingFile?) {
    (self.base, self.clips, self.items) = (base, clips, items)
  }

  public var missing: Missing { counts.withLock { $0 } }

  /// Throws `Fault(.badData)` where a file belongs to another set: it has not one of the clips, or not one of the
  /// images of the first 256 entries.
  func refuseStrangers() throws {
    func stranger(_ file: EmbeddingFile, _ what: String) -> Fault {
      Fault(
        .badData, "Not one of the \(what) has a vector here", at: file.path,
        remedy: "Give the embeddings of this set, by the same ids")
    }
    // A clip's key in the table is the catalog's own.
    if let clips, count > 0, try !(0..<count).contains(where: { clips.table.offset(of: try key(at: $0)) != nil }) {
      throw stranger(clips, "clips")
    }
    guard let items else { return }
    var lookedAt = 0
    for index in 0..<min(count, 256) {
      do {
        let id = try base.sample(at: index).imageID
        if items.table.offset(of: XXH3.hash(EmbeddedCatalog.itemPrefix + id)) != nil { return }
        lookedAt += 1
      } catch is BadSample {}  // it is the build's to report
    }
    if lookedAt > 0 { throw stranger(items, "images of the first \(lookedAt) samples") }
  }

  public var count: Int { base.count }

  public func sample(at index: Int) throws -> SampleSource {
    var sample = try base.sample(at: index)
    if let items {
      if let vector = try items.vector(of: XXH3.hash(EmbeddedCatalog.itemPrefix + sample.imageID)) {
        sample.titleEmbedding = vector
      } else {
        counts.withLock { $0.titleCount += 1 }
      }
    }
    if let clips, !sample.clipID.isEmpty {
      if let vector = try clips.vector(of: XXH3.hash(EmbeddedCatalog.clipPrefix + sample.clipID)) {
        sample.asrEmbedding = vector
      } else {
        counts.withLock { $0.speechCount += 1 }
      }
    }
    return sample
  }

  public func key(at index: Int) throws -> UInt64 { try base.key(at: index) }

  public func place(of index: Int) -> String { base.place(of: index) }

  /// Of the entries and of the whole files: other vectors are another source.
  public func hash(of range: Range<Int>) throws -> UInt64 {
    let words = [try base.hash(of: range), clips?.table.digest ?? 0, items?.table.digest ?? 0]
    return words.map(\.littleEndian).withUnsafeBytes { XXH3.hash($0) }
  }
}
