import Faults
import Glibc

/// One pass over a source's files that finds where lines start and computes their keys.
struct LineScan: Sendable {
  private static let pieceByteCount = 8 << 20

  let files: LineFiles
  let form: any LineForm
  var pieceByteCount = LineScan.pieceByteCount

  /// The table of rank `rank`'s part: of the lines that start in its share of the bytes.
  ///
  /// The parts of all ranks, one after another, are the table of the whole source, whatever their number. Throws what
  /// the first wrong line of the part throws, with its place. `progress` gets the bytes of each piece, on any thread.
  func table(rank: Int, of rankCount: Int, threadCount: Int, progress: @escaping @Sendable (Int) -> Void) throws
    -> LineTable
  {
    precondition(rank >= 0 && rank < rankCount, "rank \(rank) of \(rankCount)")
    let share = LineScan.share(of: files.byteCount, rank: rank, rankCount: rankCount)
    let pieces = pieces(of: share)
    let parts = try ParallelPieces.map(count: pieces.count, threadCount: threadCount) { number in
      let table = try self.table(of: pieces[number])
      progress(pieces[number].range.count)
      return table
    }
    return LineTable.joined(parts)
  }

  /// The bytes of a rank's part, of equal number but for one.
  static func share(of byteCount: Int, rank: Int, rankCount: Int) -> Range<Int> {
    let (size, extra) = byteCount.quotientAndRemainder(dividingBy: rankCount)
    let start = size * rank + min(rank, extra)
    return start..<start + size + (rank < extra ? 1 : 0)
  }

  /// Bytes of one file.
  private struct Piece: Sendable {
    var file: Int
    var range: Range<Int>
  }

  private func pieces(of share: Range<Int>) -> [Piece] {
    files.files.indices.flatMap { file -> [Piece] in
      let range = share.clamped(to: files.bases[file]..<files.bases[file + 1])
      return stride(from: range.lowerBound, to: range.upperBound, by: pieceByteCount).map { start in
        let end = min(start + pieceByteCount, range.upperBound)
        return Piece(file: file, range: start - files.bases[file]..<end - files.bases[file])
      }
    }
  }

  /// The lines that start in a piece; the last may reach beyond it.
  private func table(of piece: Piece) throws -> LineTable {
    let reader = files.files[piece.file]
    // The byte before says whether a line starts at the first.
    let windowStart = max(0, piece.range.lowerBound - 1)
    var window = try reader.read(at: windowStart, count: piece.range.upperBound - windowStart)
    var start = 0
    if windowStart < piece.range.lowerBound {
      guard let feed = LineScan.feed(in: window, from: 0) else { return LineTable() }
      start = feed + 1
    }
    let end = piece.range.upperBound - windowStart
    var table = LineTable()
    var searched = start
    while start < end {
      guard let lineEnd = LineScan.feed(in: window, from: searched) ?? atEnd(window, windowStart, reader.byteCount)
      else {
        guard window.count - start <= files.lineByteLimit else {
          throw files.tooLong(piece.file, windowStart + start)
        }
        searched = window.count
        let position = windowStart + window.count
        window += try reader.read(at: position, count: min(1 << 18, reader.byteCount - position))
        continue
      }
      guard lineEnd - start <= files.lineByteLimit else { throw files.tooLong(piece.file, windowStart + start) }
      try append(window[start..<lineEnd], of: piece.file, offset: windowStart + start, to: &table)
      start = lineEnd + 1
      searched = start
    }
    return table
  }

  private func atEnd(_ window: [UInt8], _ windowStart: Int, _ byteCount: Int) -> Int? {
    windowStart + window.count == byteCount ? window.count : nil
  }

  private func append(_ line: ArraySlice<UInt8>, of file: Int, offset: Int, to table: inout LineTable) throws {
    let line = LineFiles.trimmed(line, offset: offset)
    guard line.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) else { return }
    let key = try line.withUnsafeBytes { bytes in
      try form.key(of: bytes) { files.place(file, offset) }
    }
    table.starts.append(UInt64(files.bases[file] + offset))
    table.keys.append(key)
  }

  private static func feed(in window: [UInt8], from start: Int) -> Int? {
    guard start < window.count else { return nil }
    return window.withUnsafeBytes { bytes in
      let base = bytes.baseAddress!
      guard let found = memchr(base + start, 0x0A, bytes.count - start) else { return nil }
      return UnsafeRawPointer(found) - base
    }
  }
}
