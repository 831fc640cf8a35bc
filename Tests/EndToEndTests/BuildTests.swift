import FaultTrials
import Foundation
import Testing

extension EndToEnd {
  /// However a set is built, on whatever ranks, stopped or killed: its end is the same bytes.
  @Suite struct BuildTests {
    private func expectDone(_ command: Command, at location: SourceLocation = #_sourceLocation) throws {
      let result = try command.run()
      #expect(result.status == 0, "\(result.text)", sourceLocation: location)
      #expect(result.survivors.isEmpty, sourceLocation: location)
    }

    @Test func ranksAndThreadsGiveTheSameBytesWithBadClipsInBetween() throws {
      let fixture = try BuildFixture("ranks")
      let clips = fixture.someClips
      try Data(contentsOf: URL(fileURLWithPath: clips[0])).prefix(900).write(to: URL(fileURLWithPath: clips[0]))
      try FileManager.default.removeItem(atPath: clips[1])
      let alone = try fixture.build("alone", "--on-bad", "skip", "--threads", "1").run()
      #expect(alone.status == 0, "\(alone.text)")
      #expect(alone.standardOutput.contains("bad data") && alone.standardOutput.contains("missing file"))
      for (name, ranks, threads) in [("threads", nil, 3), ("1", 1, 2), ("2", 2, 1), ("3", 3, 2)] as [(_, Int?, _)] {
        try expectDone(fixture.build(name, ranks: ranks, "--on-bad", "skip", "--threads", "\(threads)"))
        try fixture.expectSame("alone", name)
      }
      let verified = try Command("sgmn-shard", ["verify", fixture.output("3")]).run()
      #expect(verified.status == 0, "\(verified.text)")

      let failed = try fixture.build("failed", ranks: 2).run()
      #expect(failed.status == 65 || failed.status == 66, "\(failed.text)")
      #expect(failed.survivors.isEmpty)
      #expect(fixture.shardCount("failed") < BuildFixture.shardCount)
    }

    @Test func killedAtAnyMomentItGoesOnAndEndsInTheSameBytes() throws {
      let fixture = try BuildFixture("killed")
      try expectDone(fixture.build("whole"))
      for (round, pause) in ([150, 20, 280, 90, 5, 200] as [UInt32]).enumerated() {
        let ranks = round % 2 == 0 ? nil : 2
        let job = try fixture.build("killed", ranks: ranks, "--threads", "1").start()
        let before = fixture.shardCount("killed")
        _ = job.wait { !job.workers.isEmpty && fixture.shardCount("killed") >= min(before + 1, round * 2) }
        usleep(pause * 1000)
        if let ranks {
          _ = job.signal(SIGKILL, rank: round / 2 % ranks)
        } else {
          _ = job.signalLauncher(SIGKILL)
        }
        let result = job.finish()
        #expect(result.status == 137 || result.status == 0, "\(result.text)")
        #expect(result.survivors.isEmpty, "round \(round)")
        // The set may be done before the signal comes, or before the process has ended: the next round begins anew.
        guard FileManager.default.fileExists(atPath: fixture.output("killed") + "/index.sgmn") else { continue }
        try fixture.expectSame("whole", "killed")
        try FileManager.default.removeItem(atPath: fixture.output("killed"))
      }
      try expectDone(fixture.build("killed", ranks: 2))
      try fixture.expectSame("whole", "killed")
    }

    @Test(arguments: [nil, 0, 1] as [Int?]) func stoppedInOrderItSaysSoAndGoesOn(rank: Int?) throws {
      let fixture = try BuildFixture("stopped")
      let command = fixture.build("set", ranks: rank == nil ? nil : 2, "--threads", "1")
      let job = try command.start()
      #expect(job.wait { fixture.shardCount("set") > 0 } && job.holdWorkers(), "\(job.standardError)")
      #expect(rank.map { job.signal(SIGTERM, rank: $0) } ?? job.signalLauncher(SIGTERM))
      let first = job.finish()
      #expect(first.status == 75, "\(first.text)")
      #expect(first.lineCount("shards done") == 1, "\(first.text)")
      #expect(first.survivors.isEmpty)
      let names = try fixture.files("set").keys
      #expect(!names.contains("index.sgmn") && !names.contains { $0.hasPrefix(".") }, "\(names)")
      let second = try command.run()
      #expect(second.status == 0, "\(second.text)")
      #expect(second.standardOutput.contains("of them there before"), "\(second.text)")
      try expectDone(fixture.build("whole"))
      try fixture.expectSame("whole", "set")
    }

    @Test(arguments: [0, 1]) func aStoppedRankEndsTheBuildWhichGoesOn(rank: Int) throws {
      let fixture = try BuildFixture("hung")
      let command = fixture.build("set", ranks: 2, "--threads", "1", "--hang-seconds", "2")
      let job = try command.start()
      #expect(job.wait { fixture.shardCount("set") > 0 } && job.holdWorkers(), "\(job.standardError)")
      #expect(job.signal(SIGSTOP, rank: rank))
      let first = job.finish()
      #expect(first.status == 81, "\(first.text)")
      #expect(first.lineCount("no sign of life: rank \(rank) on ") == 1, "\(first.text)")
      #expect(first.survivors.isEmpty)
      let second = try command.run()
      #expect(second.status == 0, "\(second.text)")
      try expectDone(fixture.build("whole"))
      try fixture.expectSame("whole", "set")
    }

    @Test func aDecoderThatCrashesOrHangsCostsItsClipUntilItIsTriedAgain() throws {
      let fixture = try BuildFixture("crashed")
      try expectDone(fixture.build("whole"))
      for (signal, cause, message) in [
        (SIGSEGV, "decoder crashed", "signal 11"), (SIGSTOP, "decoder hung", "no answer within 1 s"),
      ] {
        let name = "set-\(signal)"
        let job = try fixture.build(name, "--on-bad", "skip", "--threads", "1", "--decode-timeout", "1").start()
        #expect(job.wait { fixture.shardCount(name) > 0 }, "\(job.standardError)")
        let worker = try #require(job.workers.first)
        #expect(kill(worker, signal) == 0)
        let result = job.finish()
        #expect(result.status == 0, "\(result.text)")
        #expect(result.survivors.isEmpty)
        #expect(result.standardOutput.contains("1  \(cause)"), "\(result.text)")
        let rejected = String(decoding: try #require(try fixture.files(name)["rejected.jsonl"]), as: UTF8.self)
        #expect(rejected.contains(message) && rejected.split(separator: "\n").count == 1, "\(rejected)")
        try expectDone(fixture.build(name, "--retry"))
        try fixture.expectSame("whole", name)
      }
    }

    @Test func aPictureThatExplodesCostsItsClipAlone() throws {
      let fixture = try BuildFixture("memory")
      // A tiny file of 7,000 × 7,000 pixels; decoded, more than the decoder may have.
      let picture = "\(fixture.folder)/world/bomb.png"
      try Bomb.png(side: 7_000).write(to: URL(fileURLWithPath: picture))
      let lines = try String(contentsOfFile: fixture.manifest, encoding: .utf8).split(separator: "\n")
      let bomb = #"{"frames":["bomb.png"],"image":"bomb.png","image_id":"bomb","clip_id":"bomb"}"#
      try (lines.prefix(10).joined(separator: "\n") + "\n" + bomb + "\n" + lines[10] + "\n")
        .write(toFile: fixture.manifest, atomically: true, encoding: .utf8)
      let result = try fixture.build("set", "--on-bad", "skip", "--threads", "1", "--decode-memory", "64").run()
      #expect(result.status == 0, "\(result.text)")
      #expect(result.standardOutput.contains("11 clips"), "\(result.text)")
      let rejected = String(decoding: try #require(try fixture.files("set")["rejected.jsonl"]), as: UTF8.self)
      #expect(rejected.contains(#""id":"bomb""#) && rejected.split(separator: "\n").count == 1, "\(rejected)")
      // With the memory that it takes, it is a clip as any other.
      try expectDone(fixture.build("set", "--retry"))
      #expect(try fixture.files("set")["rejected.jsonl"] == nil)
    }

    @Test func anotherBuildInTheFolderIsRefused() throws {
      let fixture = try BuildFixture("refused")
      let job = try fixture.build("set", "--threads", "1").start()
      #expect(job.wait { fixture.shardCount("set") > 0 } && job.holdWorkers(), "\(job.standardError)")
      let second = try fixture.build("set").run()
      #expect(second.status == 73, "\(second.text)")
      #expect(second.lineCount("in use by another process") == 1, "\(second.text)")
      #expect(job.signalLauncher(SIGINT))
      #expect(job.finish().status == 75)

      let other = try fixture.build("set", ranks: 2, "--pixels", "rgb", "--level", "3").run()
      #expect(other.status == 78, "\(other.text)")
      #expect(other.lineCount("--pixels yuv420, now rgb; --level 1, now 3") == 1, "\(other.text)")
      #expect(other.lineCount("--restart") == 1, "\(other.text)")
      try expectDone(fixture.build("set", "--pixels", "rgb", "--restart"))
      let finished = try fixture.build("set", "--pixels", "rgb").run()
      #expect(finished.status == 73 && finished.lineCount("already holds a set") == 1, "\(finished.text)")
    }

    @Test func aClipThatOccursTwiceIsToldWithBothPlaces() throws {
      let fixture = try BuildFixture("twice")
      let text = try String(contentsOfFile: fixture.manifest, encoding: .utf8)
      let first = try #require(text.split(separator: "\n").first)
      try (text + first + "\n").write(toFile: fixture.manifest, atomically: true, encoding: .utf8)
      for ranks in [nil, 2] as [Int?] {
        let result = try fixture.build("set", ranks: ranks).run()
        #expect(result.status == 65, "\(result.text)")
        #expect(result.lineCount("line 1 and \(fixture.manifest), line 241") == 1, "\(result.text)")
        #expect(!FileManager.default.fileExists(atPath: fixture.output("set")))
      }
    }

    @Test func anEstimateNamesSizeTimeAndFreeSpace() throws {
      let fixture = try BuildFixture("estimate")
      for ranks in [nil, 2] as [Int?] {
        var command = fixture.build("set", ranks: ranks)
        command.arguments[0] = "estimate"
        command.arguments.append("--json")
        let result = try command.run()
        #expect(result.status == 0, "\(result.text)")
        let estimate = try #require(
          try JSONSerialization.jsonObject(with: Data(result.standardOutput.utf8)) as? [String: Any])
        let bytes = try #require(estimate["bytes"] as? Int)
        if ranks == nil { try expectDone(fixture.build("set")) }
        let shards = try fixture.files("set").filter { $0.key.hasPrefix("shard-") }.values.reduce(0) { $0 + $1.count }
        #expect(abs(bytes - shards) < shards / 5, "\(bytes), \(shards)")
      }
    }
  }
}
