import FaultTrials
import Foundation
import Testing

extension EndToEnd {
  @Suite struct EvaluationTests {
    private func evaluate(_ checkpoint: String, ranks: Int?, _ more: String...) throws -> Job.Result {
      let shards = try World.shared().testShards
      return try Command("sgmn-eval", ["--checkpoint", checkpoint, "--shards", shards] + more, ranks: ranks).run()
    }

    @Test func theReportDoesNotDependOnTheNumberOfRanks() throws {
      let run = try World.unbroken().run
      var reports: [Data] = []
      for ranks in [nil, 1, 2] {
        let file = "\(run.path)/report-\(ranks ?? 0).json"
        let result = try evaluate(run.path, ranks: ranks, "--json", file)
        #expect(result.status == 0, "\(result.text)")
        #expect(result.standardOutput.contains("R@1"), "\(result.text)")
        reports.append(try Data(contentsOf: URL(fileURLWithPath: file)))
      }
      #expect(reports[0] == reports[1])
      #expect(reports[1] == reports[2])
      #expect(try JSONSerialization.jsonObject(with: reports[0]) is [String: Any])
    }

    @Test func withoutTextThePicturesAloneDecide() throws {
      let run = try World.unbroken().run
      let result = try evaluate(run.path, ranks: 2, "--without-text", "--json", "-")
      #expect(result.status == 0, "\(result.text)")
      let with = try evaluate(run.path, ranks: 2, "--json", "-")
      #expect(try JSONSerialization.jsonObject(with: Data(result.standardOutput.utf8)) is [String: Any])
      #expect(result.standardOutput != with.standardOutput)
    }

    @Test func shardsThatDoNotFitTheModelAreNamedOnce() throws {
      let world = try World.shared()
      let shards = "\(world.folder)/large"
      let built = try Command(
        "sgmn-shard",
        [
          "build", "--manifest", "\(world.folder)/demo/test.jsonl", "--out", shards, "--resolution", "32", "--frames",
          "3",
        ]
      ).run()
      #expect(built.status == 0, "\(built.text)")
      let result = try Command(
        "sgmn-eval", ["--checkpoint", World.unbroken().run.path, "--shards", shards], ranks: 2
      ).run()
      #expect(result.status == 78, "\(result.text)")
      #expect(result.lineCount("pictures of 32 pixels a side, the model sees 16 (\(shards))") == 1, "\(result.text)")
      #expect(result.survivors.isEmpty)
    }

    @Test func aStoppedRankEndsTheEvaluationAndIsNamed() throws {
      let world = try World.shared()
      let file = "\(world.folder)/hung.json"
      let job = try Command(
        "sgmn-eval",
        [
          "--checkpoint", World.unbroken().run.path, "--shards", world.testShards, "--hang-seconds", "2", "--json",
          file,
        ],
        ranks: 2
      ).armed("shard.decode:sleep=200@*").start()
      #expect(job.wait { job.standardError.contains(": 2 rank(s), ") }, "\(job.standardError)")
      #expect(job.signal(SIGSTOP, rank: 1))
      let result = job.finish()
      #expect(result.status == 81, "\(result.text)")
      #expect(result.lineCount("a rank hangs") == 1 && result.survivors.isEmpty, "\(result.text)")
      #expect(result.lineCount("no sign of life: rank 1 on ") == 1, "\(result.text)")
      #expect(!FileManager.default.fileExists(atPath: file))
    }

    @Test func aBatchOfNothingIsNoCommand() throws {
      let result = try evaluate(World.unbroken().run.path, ranks: 2, "--batch", "0")
      #expect(result.status == 64, "\(result.text)")
      #expect(result.lineCount("--batch 0 is not 1 or more") == 1, "\(result.text)")
    }

    @Test func aFolderWithoutACheckpointIsNamedOnce() throws {
      let folder = try World.shared().testShards
      let result = try evaluate(folder, ranks: 2)
      #expect(result.status == 66, "\(result.text)")
      #expect(result.lineCount("No checkpoint here (\(folder))") == 1, "\(result.text)")
      #expect(result.survivors.isEmpty)
    }
  }
}
