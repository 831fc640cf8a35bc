import DataLoading
import SGMNModel
import TensorCore

/// One batch, in parts, for every step of a benchmark. A device gets its pictures anew each time, behind the step
/// before, as in a run (`BatchFeed`).
final class BenchmarkFeed {
  private let parts: [PairBatch]
  private let staged: Prefetcher<[PairBatch]>?

  init(_ parts: [PairBatch], resolution: Int, stepCount: Int, backend: any Backend) {
    self.parts = parts
    staged = backend.makePictureStaging().map { staging in
      Prefetcher(0..<stepCount, capacity: 0, threadCount: 1) {
        { _, _ in parts.map { $0.staged(by: staging, resolution: resolution) } }
      }
    }
  }

  func next() throws -> [PairBatch] { try staged?.next() ?? parts }
}

extension PairBatch {
  /// The batch with its pictures on their way to a device.
  fileprivate func staged(by staging: any PictureStaging, resolution: Int) -> PairBatch {
    let byteCount = layout.pictureByteCount(size: resolution)
    var batch = self
    (batch.images, batch.frames) = ([], [])
    let imageCount = images.count / byteCount
    batch.staged = images.withUnsafeBytes { images in
      frames.withUnsafeBytes { frames in
        staging.stage(imageCount + frameSlots.count, byteCount: byteCount) { number in
          let (list, place) = number < imageCount ? (images, number) : (frames, number - imageCount)
          return UnsafeRawBufferPointer(rebasing: list[(place * byteCount)..<((place + 1) * byteCount)])
        }
      }
    }
    return batch
  }
}
