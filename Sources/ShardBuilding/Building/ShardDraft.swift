import Faults
import ShardFormat

/// One shard in the making: takes the outcomes of its entries in their order, and writes the file.
///
/// A shard that is mended is written anew when the first of its left-out entries can be had; what it holds already is
/// copied as it is stored. Where none can, it stays as it is.
final class ShardDraft {
  private let folder: BuildFolder
  private let number: Int
  private let configuration: ShardConfiguration
  private let sourceHash: UInt64
  private let old: ShardFile?
  /// Samples of the old shard that are already in the new one.
  private var copiedCount = 0
  private var writer: ShardFileWriter?
  /// Entries that are left out again, as long as there is no writer.
  private var notes: [LeftOutSample] = []

  /// - Parameter old: the finished shard that is to be mended.
  init(
    folder: BuildFolder, number: Int, configuration: ShardConfiguration, sourceHash: UInt64, mending old: ShardFile?
  ) throws {
    self.folder = folder
    self.number = number
    self.configuration = configuration
    self.sourceHash = sourceHash
    self.old = old
    if old == nil { writer = try makeWriter() }
  }

  private func makeWriter() throws -> ShardFileWriter {
    try ShardFileWriter(folder: folder.path, number: number, configuration: configuration, sourceHash: sourceHash)
  }

  func append(_ sample: EncodedSample, place: Int) throws {
    if writer == nil {
      writer = try makeWriter()
      for note in notes { try leaveOut(note) }
      notes = []
    }
    try copy(before: place)
    try writer?.append(sample, place: place)
  }

  func leaveOut(_ note: LeftOutSample) throws {
    guard let writer else { return notes.append(note) }
    try copy(before: note.place)
    writer.leaveOut(note)
  }

  /// Completes the file, durably; nil where the old one stays.
  func finish() throws -> ShardSetIndex.Shard? {
    guard let writer else { return nil }
    try copy(before: configuration.samplesPerShard)
    try folder.removeIndex()
    return try writer.finish()
  }

  private func copy(before place: Int) throws {
    guard let old, let writer else { return }
    let places = oldPlaces
    while copiedCount < places.count, places[copiedCount] < place {
      try writer.append(old.encodedSample(at: copiedCount), place: places[copiedCount])
      copiedCount += 1
    }
  }

  private lazy var oldPlaces = old?.places ?? []
}
