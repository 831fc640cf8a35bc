import DurableFiles
import Faults
import Foundation
import MediaDecoding
import ShardFormat

/// Samples of a set back to picture files and a manifest that `sgmn-shard build` takes.
///
/// ```
/// OUT/manifest.jsonl                     one line a sample, in the set's order
/// OUT/media/000/000317-image.png         the product picture; samples that share a stored one share the file
/// OUT/media/000/000317-00.png …          the frames
/// ```
///
/// Built again at the same resolution, `rgb` sets give equal pixels, and `yuv420` sets those of one more conversion of
/// their RGB to 4:2:0. Not in a manifest, so made anew or lost: text vectors, and the frames' places in their source.
public struct SampleExport: Sendable {
  public struct Summary: Sendable, Equatable {
    public var sampleCount = 0
    public var pictureFileCount = 0
    public var byteCount = 0
  }

  public var set: ShardSet
  public var range: Range<Int>

  /// - Parameter range: within `0 ..< set.count`.
  public init(_ set: ShardSet, range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= set.count, "samples \(range) of \(set.count)")
    (self.set, self.range) = (set, range)
  }

  /// Writes the folder; it appears under its name when all of it is there.
  ///
  /// Throws `Fault(.outputUnavailable)` where something that is not an empty folder has the name.
  public func write(
    to folder: String, threadCount: Int, progress: (Int) -> Void = { _ in }
  ) throws -> Summary {
    let output = try ExportFolder(folder)
    let owners = pictureOwners
    for group in Set(range.map { $0 / 1000 }) { try output.makeFolder("media/\(Self.digits(group, 3))") }
    let manifest = try DurableFileWriter("\(output.temporaryPath)/manifest.jsonl")
    var summary = Summary()
    // Lines are held for one stretch at a time, so that memory does not grow with the export.
    for start in stride(from: range.lowerBound, to: range.upperBound, by: 4096) {
      let stretch = start..<min(start + 4096, range.upperBound)
      let parts = try ParallelWork.run(
        count: stretch.count, threadCount: threadCount,
        progress: { progress(start - range.lowerBound + $0) },
        { next in
          var part = Part()
          let decoder = ShardDecoder()
          while let place = next() {
            try self.export(start + place, owners, decoder, output.temporaryPath, &part)
          }
          return part
        })
      for part in parts {
        summary.pictureFileCount += part.pictureFileCount
        summary.byteCount += part.byteCount
      }
      for line in parts.flatMap(\.lines).sorted(by: { $0.number < $1.number }) { try manifest.append(line.bytes) }
    }
    try manifest.commit()
    try output.publish()
    summary.sampleCount = range.count
    return summary
  }

  private struct Part: Sendable {
    var lines: [(number: Int, bytes: [UInt8])] = []
    var pictureFileCount = 0
    var byteCount = 0
  }

  /// For every sample of the range the first one that has the same stored picture.
  private var pictureOwners: [Int] {
    var first: [Int: Int] = [:]
    return range.map { number in
      let picture = set.pictureNumber(at: number)
      if let owner = first[picture] { return owner }
      first[picture] = number
      return number
    }
  }

  private func export(
    _ number: Int, _ owners: [Int], _ decoder: ShardDecoder, _ folder: String, _ part: inout Part
  ) throws {
    let sample = try set.read(at: number, using: decoder)
    let resolution = set.configuration.resolution
    let area = 3 * resolution * resolution
    func write(_ planes: [UInt8], _ name: String) throws {
      let bytes = try StillEncoder.png(RGBImage(planes: planes, width: resolution, height: resolution))
      try ExportFolder.write(bytes, to: "\(folder)/\(name)")
      part.pictureFileCount += 1
      part.byteCount += bytes.count
    }
    let owner = owners[number - range.lowerBound]
    let image = "\(Self.stem(owner))-image.png"
    if owner == number { try write(sample.image, image) }
    let frames = (0..<sample.frameCount).map { "\(Self.stem(number))-\(Self.digits($0, 2)).png" }
    for (place, name) in frames.enumerated() {
      try write(Array(sample.frames[place * area..<(place + 1) * area]), name)
    }
    part.lines.append((number, try ManifestEntry(sample.summary, image: image, frames: frames).line()))
  }

  private static func stem(_ number: Int) -> String { "media/\(digits(number / 1000, 3))/\(digits(number, 6))" }

  private static func digits(_ value: Int, _ width: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, width - text.count)) + text
  }
}
