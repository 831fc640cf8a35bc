import DurableFiles
import Faults
import MediaDecoding

/// JPEG files, read and decoded by libavcodec alone: what building shards from them is measured against.
public struct JPEGDecoding: Sendable {
  /// In the order they are decoded in; a file as often as it is named.
  public let pictures: [MediaLocation]
  public let threadCount: Int
  private static let remedy = "Give a manifest whose frames and images are all JPEG files"

  public init(_ pictures: [MediaLocation], threadCount: Int) {
    precondition(threadCount >= 1, "\(threadCount) threads")
    self.pictures = pictures
    self.threadCount = threadCount
  }

  /// Reads each file once, which brings it into the page cache: how many there are, and their bytes.
  ///
  /// Throws `Fault(.badData)` where one is no JPEG, and what reading throws.
  public func warmUp(progress: (_ share: Double) -> Void = { _ in }) throws -> (fileCount: Int, byteCount: Int) {
    let files = Array(Set(pictures))
    let show = { (count: Int) in progress(share(of: count, in: files.count)) }
    let byteCounts = try ParallelWork.run(count: files.count, threadCount: threadCount, progress: show) { next in
      var byteCount = 0
      while let number = next() { byteCount += try JPEGDecoding.contents(of: files[number]).count }
      return byteCount
    }
    return (files.count, byteCounts.reduce(0, +))
  }

  /// Seconds by the clock to read and decode all pictures, each thread with one decoder for all of its own.
  ///
  /// Throws `Fault(.badData)` where one is no JPEG, and what reading throws.
  public func seconds(progress: (_ share: Double) -> Void = { _ in }) throws -> Double {
    let start = ContinuousClock.now
    let show = { (count: Int) in progress(share(of: count, in: pictures.count)) }
    _ = try ParallelWork.run(count: pictures.count, threadCount: threadCount, progress: show) { next in
      let decoder = try LibAVJPEGDecoder()
      while let number = next() { try JPEGDecoding.decode(pictures[number], using: decoder) }
    }
    return (ContinuousClock.now - start) / .seconds(1)
  }

  private func share(of count: Int, in total: Int) -> Double { Double(count) / Double(max(1, total)) }

  private static func decode(_ location: MediaLocation, using decoder: LibAVJPEGDecoder) throws {
    let bytes = try contents(of: location)
    do { _ = try decoder.decode(bytes) } catch let fault as Fault {
      throw Fault(fault.code, fault.what, at: location.description, remedy: remedy)
    }
  }

  private static func contents(of location: MediaLocation) throws -> [UInt8] {
    let reader = try FileReader(location.path)
    let offset = location.offset ?? 0
    let byteCount = location.byteCount ?? reader.byteCount - offset
    guard byteCount <= MediaLimits().maximumPictureByteCount else {
      throw Fault(.badData, "A picture file of \(byteCount) bytes", at: location.description, remedy: remedy)
    }
    let bytes = try reader.read(at: offset, count: byteCount)
    guard bytes.starts(with: [0xFF, 0xD8, 0xFF]) else {
      throw Fault(.badData, "Not a JPEG", at: location.description, remedy: remedy)
    }
    return bytes
  }
}
