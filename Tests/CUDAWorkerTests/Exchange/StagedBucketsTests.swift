import Faults
import TensorCore
import Testing

@testable import CUDAWorker

/// The way of buckets to the host and back, without ranks.
@Suite struct StagedBucketsTests {
  /// Five buckets of 64 elements, the last of them shorter, from the end of the array to its beginning.
  private let ranges = [240..<300, 180..<240, 120..<180, 60..<120, 0..<60]

  @Test func bucketsComeBackAsTheHostLeavesThem() throws {
    try EmulatedGPU.run { backend in
      let x = EmulatedGPU.tensor((0..<300).map { Float($0) })
      let marks = BucketMarks(backend, bucketCount: ranges.count)
      let staged = StagedBuckets(x, marks, largestCount: 60)
      for step in 0..<3 {
        staged.begin()
        marks.record(0..<ranges.count)
        marks.recordEnd()
        staged.fetch(0, ranges[0])
        for (place, range) in ranges.enumerated() {
          if place + 1 < ranges.count { staged.fetch(place + 1, ranges[place + 1]) }
          let elements = try staged.arrived(place, range)
          #expect(Array(elements) == range.map { Float($0 << step) })
          for index in elements.indices { elements[index] *= 2 }
          staged.giveBack(place, range)
        }
        #expect(try staged.finish() >= 0)
        #expect(x.floats() == (0..<300).map { Float($0 << (step + 1)) })
      }
    }
  }

  @Test func whatHasFailedOnTheGPUIsNotHandedOut() throws {
    try EmulatedGPU.alone {
      let backend = try EmulatedGPU.fresh()
      let x = Tensor([Float](repeating: 1, count: 64), shape: [64], backend: backend)
      let marks = BucketMarks(backend, bucketCount: 1)
      let staged = StagedBuckets(x, marks, largestCount: 64)
      marks.record(0..<1)
      backend.fail(Fault(.internalError, "a kernel ended"))
      staged.fetch(0, 0..<64)
      let fault = #expect(throws: Fault.self) { _ = try staged.arrived(0, 0..<64) }
      #expect(fault?.what == "a kernel ended")
    }
  }
}
