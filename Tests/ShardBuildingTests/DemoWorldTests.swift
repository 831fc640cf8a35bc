import Faults
import MediaDecoding
import Testing

@testable import ShardBuilding

@Suite struct DemoWorldTests {
  @Test func `the same seed draws the same world on any number of threads`() throws {
    try withFolder { folder in
      let summary = try smallWorld().write(to: folder + "/a", threadCount: 1)
      #expect(summary == DemoWorld.Summary(clipCount: 9, photographCount: 6))
      _ = try smallWorld().write(to: folder + "/b", threadCount: 3)
      #expect(try contents(of: folder + "/a") == contents(of: folder + "/b"))
      _ = try smallWorld(seed: 4).write(to: folder + "/c", threadCount: 3)
      #expect(try contents(of: folder + "/a") != contents(of: folder + "/c"))
    }
  }

  @Test func `H.264 clips show the same frames`() throws {
    try withFolder { folder in
      var configuration = try smallWorld().configuration
      let clip = "/clips/train-01/train-01-001-1.mp4"
      var pictures: [[RGBImage]] = []
      for codec in VideoWriter.Codec.allCases {
        configuration.codec = codec
        let world = try DemoWorld(configuration: configuration)
        _ = try world.write(to: folder + "/" + codec.rawValue, threadCount: 2)
        pictures.append(try VideoFile(path: folder + "/" + codec.rawValue + clip).frames(limit: 6) { $0 }.map(\.frame))
      }
      #expect(pictures[0].count == 6 && pictures[1].count == 6)
      for (a, b) in zip(pictures[0], pictures[1]) {
        let difference = zip(a.pixels, b.pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
        #expect(difference < 12 * a.pixels.count, "mean difference \(difference / a.pixels.count)")
      }
    }
  }

  @Test func `products of the default world: none twice in a live, none of the test in training, no easy guess`() throws
  {
    let world = try DemoWorld(configuration: DemoWorldConfiguration())
    let (test, train) = world.combinations
    #expect(test.count == 6 * 56 && train.count == 16 * 50)
    #expect(Set(test).isDisjoint(with: train))
    for start in stride(from: 0, to: test.count, by: 56) { #expect(Set(test[start..<start + 56]).count == 56) }
    #expect(1.0 / 56 <= 0.02)
    #expect(test.allSatisfy { ($0.second == nil) == ($0.pattern == .plain) && $0.second != $0.colour })
  }

  @Test func `an existing output stays as it is`() throws {
    try withFolder { folder in
      try write("precious", to: folder + "/out/file")
      #expect { try smallWorld().write(to: folder + "/out", threadCount: 1) } throws: {
        ($0 as? Fault)?.code == .outputUnavailable
      }
      #expect(try contents(of: folder).keys.sorted() == ["out/file"])
    }
  }

  @Test func `counts that cannot be had are refused`() {
    var configuration = DemoWorldConfiguration()
    configuration.testLiveCount = 100
    #expect { try DemoWorld(configuration: configuration) } throws: { ($0 as? Fault)?.code == .usage }
    configuration = DemoWorldConfiguration()
    configuration.side = 33
    #expect { try DemoWorld(configuration: configuration) } throws: { ($0 as? Fault)?.what.contains("--side") == true }
  }
}
