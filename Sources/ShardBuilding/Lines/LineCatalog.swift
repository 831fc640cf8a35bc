import DurableFiles
import Faults

/// The lines of one or more text files as entries, in their order; any at any time, read when it is asked for.
///
/// Made in two phases, so that many ranks can share the reading of a large source: `scan` gives each rank's part of the
/// table, and the catalog is made of all parts.
public final class LineCatalog: SampleCatalog {
  private let files: LineFiles
  private let table: LineTable
  private let form: any LineForm

  /// This rank's part of the table: the lines that start in its share of the files' bytes, laid end to end.
  ///
  /// Reads those bytes once, on `threadCount` threads. `progress` gets the bytes of each piece that is done, on any
  /// thread. Throws `Fault(.inputMissing)` without a file, and what the first wrong line throws.
  public static func scan(
    _ paths: [String], form: any LineForm, share: (rank: Int, rankCount: Int), threadCount: Int,
    progress: @escaping @Sendable (_ byteCount: Int) -> Void = { _ in }
  ) throws -> LineTable {
    try LineScan(files: LineFiles(paths), form: form).table(
      rank: share.rank, of: share.rankCount, threadCount: threadCount, progress: progress)
  }

  /// - Parameter table: the parts of all ranks, in their order (`LineTable.joined`).
  public init(_ paths: [String], form: any LineForm, table: LineTable) throws {
    precondition(table.starts.count == table.keys.count, "\(table.starts.count) lines, \(table.keys.count) keys")
    let files = try LineFiles(paths)
    // Not so where a file was changed since the scan, or is another on the machine of another rank.
    var next: UInt64 = 0
    for start in table.starts {
      guard start >= next, start < UInt64(files.byteCount) else {
        throw Fault(
          .badData, "The lines of the source are not where they were found", at: paths.last,
          remedy: "Leave the input alone while it is built, and give all ranks the same files in the same order")
      }
      next = start + 1
    }
    (self.files, self.table, self.form) = (files, table, form)
  }

  public var count: Int { table.count }

  public func sample(at index: Int) throws -> SampleSource {
    try form.sample(of: line(at: index)) { self.place(of: index) }
  }

  public func key(at index: Int) -> UInt64 { table.keys[index] }

  public func hash(of range: Range<Int>) throws -> UInt64 {
    let hasher = XXH3.Hasher()
    for index in range {
      hasher.update(try line(at: index))
      hasher.update([0x0A])
    }
    return hasher.digest
  }

  public func place(of index: Int) -> String {
    let (file, offset) = files.locate(Int(table.starts[index]))
    return files.place(file, offset)
  }

  private func line(at index: Int) throws -> [UInt8] {
    let end = index + 1 < count ? Int(table.starts[index + 1]) : files.byteCount
    return try files.line(at: Int(table.starts[index]), before: end)
  }
}
