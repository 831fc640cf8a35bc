import Faults

/// Sample and picture indexes as they stand in a file: a line is taken apart when it is asked for, so that opening a set
/// of millions costs reading it and one look at each line.
struct EntryTable: Sendable {
  private let bytes: [UInt8]
  private let sampleOffset: Int
  private let pictureOffset: Int
  let sampleCount: Int
  let pictureCount: Int

  /// - Parameters:
  ///   - sampleOffset: where the first sample's line begins in `bytes`; all lines must be there.
  ///   - pictureOffset: where the first picture's line begins.
  init(
    _ bytes: [UInt8], samples sampleOffset: Int, _ sampleCount: Int, pictures pictureOffset: Int, _ pictureCount: Int
  ) {
    precondition(
      sampleOffset + sampleCount * ShardLimits.entryByteCount <= bytes.count
        && pictureOffset + pictureCount * ShardLimits.pictureEntryByteCount <= bytes.count, "lines outside the table")
    self.bytes = bytes
    self.sampleOffset = sampleOffset
    self.pictureOffset = pictureOffset
    self.sampleCount = sampleCount
    self.pictureCount = pictureCount
  }

  func sample(_ number: Int) -> SampleEntry {
    precondition(number >= 0 && number < sampleCount, "sample \(number) of \(sampleCount)")
    return bytes.withUnsafeBytes { Line($0, sampleOffset + number * ShardLimits.entryByteCount).sample }
  }

  func picture(_ number: Int) -> PictureEntry {
    precondition(number >= 0 && number < pictureCount, "picture \(number) of \(pictureCount)")
    return bytes.withUnsafeBytes { Line($0, pictureOffset + number * ShardLimits.pictureEntryByteCount).picture }
  }

  /// The clip key alone; for searching through all.
  func clipKey(_ number: Int) -> UInt64 {
    precondition(number >= 0 && number < sampleCount, "sample \(number) of \(sampleCount)")
    return bytes.withUnsafeBytes { Line($0, sampleOffset + number * ShardLimits.entryByteCount).word(32) }
  }

  /// The lines of `samples` and `pictures`, one after another.
  func lines(samples: Range<Int>) -> ArraySlice<UInt8> {
    bytes[(sampleOffset + samples.lowerBound * 40)..<(sampleOffset + samples.upperBound * 40)]
  }

  func lines(pictures: Range<Int>) -> ArraySlice<UInt8> {
    bytes[(pictureOffset + pictures.lowerBound * 24)..<(pictureOffset + pictures.upperBound * 24)]
  }

  /// Checks the lines of one shard: its records lie without a gap from the header on, every picture directly before the
  /// first sample that shows it, and nothing exceeds the configuration.
  ///
  /// - Returns: where the last record ends, at most `limit`, and the frames of all samples.
  /// - Throws: what `fault` makes of a text and of the line's offset in `bytes`.
  func checkShard(
    samples: Range<Int>, pictures: Range<Int>, limit: Int, configuration: ShardConfiguration,
    fault: (String, Int) -> Fault
  ) throws -> (end: Int, frameCount: Int) {
    try bytes.withUnsafeBytes { bytes in
      var end = ShardLimits.headerByteCount
      var (frameCount, nextPicture, nextPlace) = (0, 0, 0)
      // Record sizes are below 2³² and `end` stays within the file, so the sums are exact.
      func take(_ offset: UInt64, _ count: Int, smallest: Int, _ place: Int) throws {
        guard offset == UInt64(end) else {
          throw fault("A record begins at byte \(offset), expected \(end): records overlap or leave a gap", place)
        }
        guard count >= smallest, count <= limit - end else {
          throw fault("A record of \(count) bytes does not fit between byte \(end) and \(limit)", place)
        }
        end += count
      }
      for number in samples {
        let place = sampleOffset + number * ShardLimits.entryByteCount
        let line = Line(bytes, place)
        let picture = Int(line.half(16))
        if picture == nextPicture, picture < pictures.count {
          let place = pictureOffset + (pictures.lowerBound + picture) * ShardLimits.pictureEntryByteCount
          let pictureLine = Line(bytes, place)
          guard pictureLine.half(12) == 0 else { throw fault("A reserved field is not zero", place) }
          try take(pictureLine.word(0), Int(pictureLine.half(8)), smallest: ShardLimits.pictureHeadByteCount, place)
          nextPicture += 1
        }
        guard picture < nextPicture else {
          throw fault("A sample shows picture \(picture), which is not there or comes after it", place)
        }
        try take(line.word(0), Int(line.half(8)), smallest: ShardLimits.sampleHeadByteCount, place)
        let frames = line.half(12)
        let largest = ShardLimits.recordByteLimit(frameCount: Int(frames), configuration)
        guard Int(line.half(8)) <= largest else {
          throw fault("A record of \(line.half(8)) bytes, more than \(frames) frames can take", place)
        }
        guard frames <= configuration.maximumFrameCount else {
          throw fault(
            frames > 0xFFFF
              ? "A reserved field is not zero"
              : "\(frames) frames, more than the \(configuration.maximumFrameCount) allowed",
            place)
        }
        frameCount += Int(frames)
        let sourcePlace = Int(line.half(20))
        guard sourcePlace >= nextPlace, sourcePlace < configuration.samplesPerShard else {
          throw fault("Place \(sourcePlace) in the source is not in order, or beyond the shard's part", place)
        }
        nextPlace = sourcePlace + 1
      }
      guard nextPicture == pictures.count else {
        throw fault(
          "No sample shows picture \(nextPicture)",
          pictureOffset + (pictures.lowerBound + nextPicture) * ShardLimits.pictureEntryByteCount)
      }
      return (end, frameCount)
    }
  }

  /// One line, wherever it lies.
  private struct Line {
    private let start: UnsafeRawPointer

    init(_ bytes: UnsafeRawBufferPointer, _ offset: Int) { start = bytes.baseAddress! + offset }

    func word(_ offset: Int) -> UInt64 {
      UInt64(littleEndian: start.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
    func half(_ offset: Int) -> UInt32 {
      UInt32(littleEndian: start.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    var sample: SampleEntry {
      SampleEntry(
        offset: Int(word(0)), recordByteCount: Int(half(8)), frameCount: Int(half(12)), picture: Int(half(16)),
        place: Int(half(20)), productKey: word(24), clipKey: word(32))
    }

    var picture: PictureEntry {
      PictureEntry(offset: Int(word(0)), recordByteCount: Int(half(8)), imageKey: word(16))
    }
  }
}
