import Faults
import ShardFormat
import Testing

@testable import ShardBuilding

@Suite struct BuildEstimateTests {
  @Test func `a probe foretells the size of a set`() throws {
    try withFolder { folder in
      let world = try BuiltWorld(folder)
      let estimate = try world.builder().estimate(
        try world.catalog(), for: folder + "/not/yet/there", options: BuildOptions(threadCount: 2))
      #expect((estimate.entryCount, estimate.probedCount, estimate.rejectedCount) == (6, 6, 0))
      let report = try world.build(to: folder + "/set")
      #expect(estimate.picturesPerSample == 0.5)
      // All entries were probed, so it is exact but for headers and indexes.
      #expect(abs(estimate.byteCount - report.byteCount) < 64 * 8 + 64 * report.shardCount + 400)
      #expect(estimate.seconds > 0 && estimate.freeByteCount > 0 && estimate.memoryByteCount > 1 << 20)
      try estimate.refuseSmallDisk()
    }
  }

  @Test func `a disk that is too small is refused with both numbers`() throws {
    try withFolder { folder in
      let world = try BuiltWorld(folder)
      var estimate = try world.builder().estimate(
        try world.catalog(), for: folder, options: BuildOptions(threadCount: 1))
      (estimate.entryCount, estimate.sampleByteCount, estimate.pictureByteCount) = (1_000_000, 20_480, 0)
      estimate.freeByteCount = 5 << 30
      #expect { try estimate.refuseSmallDisk() } throws: {
        let fault = $0 as? Fault
        return fault?.code == .inputOutput && fault?.place == folder
          && fault?.what == "The shards need about 19.1 GiB, and 5.0 GiB are free"
      }
    }
  }

  @Test func `bad probes are counted, and none that is good is a fault`() throws {
    try withFolder { folder in
      let world = try BuiltWorld(folder)
      try world.damage("train-01-002-1")
      let estimate = try world.builder().estimate(try world.catalog(), for: folder, options: BuildOptions())
      #expect((estimate.probedCount, estimate.rejectedCount) == (6, 1))
      for id in world.clipIDs { try world.damage(id) }
      #expect(throws: (any Error).self) {
        try world.builder().estimate(try world.catalog(), for: folder, options: BuildOptions())
      }
    }
  }
}
