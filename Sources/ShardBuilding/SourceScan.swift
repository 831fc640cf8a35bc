import Faults

/// What one rank found in its share of a source: starts of lines, places of pictures, places of vectors.
///
/// The parts of all ranks, in the order of the ranks, open the source (`SourceDescription.open`). `words` is all of a
/// part as numbers, to be gathered over MPI: 16 bytes a line, an indexed picture and a vector.
public struct SourceScan: Sendable, Equatable {
  var lines = LineTable()
  var frames: [PictureIndex.Entry] = []
  /// Empty where images are looked for in the same places as frames.
  var images: [PictureIndex.Entry] = []
  /// `EmbeddingTable.words` on the rank that read the file, empty on the others.
  var clipEmbeddings: [UInt64] = []
  var itemEmbeddings: [UInt64] = []

  init() {}

  private static let sectionCount = 6

  public var words: [UInt64] {
    func flat(_ entries: [PictureIndex.Entry]) -> [UInt64] { entries.flatMap { [$0.hash, $0.packed] } }
    let sections = [lines.starts, lines.keys, flat(frames), flat(images), clipEmbeddings, itemEmbeddings]
    return sections.map { UInt64($0.count) } + sections.joined()
  }

  /// From `words`. Throws `Fault(.internalError)` where they are not that.
  public init(words: [UInt64]) throws {
    var sections: [ArraySlice<UInt64>] = []
    var rest = words.dropFirst(SourceScan.sectionCount)
    for count in words.prefix(SourceScan.sectionCount) {
      guard count <= UInt64(rest.count) else { throw SourceScan.damaged }
      sections.append(rest.prefix(Int(count)))
      rest = rest.dropFirst(Int(count))
    }
    guard sections.count == SourceScan.sectionCount, rest.isEmpty, sections[0].count == sections[1].count,
      sections[2].count % 2 == 0, sections[3].count % 2 == 0
    else { throw SourceScan.damaged }
    func entries(_ words: ArraySlice<UInt64>) -> [PictureIndex.Entry] {
      stride(from: words.startIndex, to: words.endIndex, by: 2).map {
        PictureIndex.Entry(hash: words[$0], packed: words[$0 + 1])
      }
    }
    lines = LineTable(starts: Array(sections[0]), keys: Array(sections[1]))
    frames = entries(sections[2])
    images = entries(sections[3])
    clipEmbeddings = Array(sections[4])
    itemEmbeddings = Array(sections[5])
  }

  /// The parts of all ranks as one.
  static func joined(_ parts: [SourceScan]) -> SourceScan {
    guard parts.count != 1 else { return parts[0] }
    var whole = SourceScan()
    whole.lines = LineTable.joined(parts.map(\.lines))
    whole.frames = parts.flatMap(\.frames)
    whole.images = parts.flatMap(\.images)
    whole.clipEmbeddings = parts.flatMap(\.clipEmbeddings)
    whole.itemEmbeddings = parts.flatMap(\.itemEmbeddings)
    return whole
  }

  private static var damaged: Fault { Fault(.internalError, "The ranks' parts of the source do not fit together") }
}
