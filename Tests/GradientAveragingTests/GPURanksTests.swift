import Foundation
import ProbeJobs
import Testing

/// Exchanges between ranks with gradients on an emulated GPU: all on one, or each on its own; one job at a time.
///
/// Work is put off until somebody waits for it (SGMN_EMULATOR_DEFER), so that a wait that is missing shows.
@Suite(.serialized, .timeLimit(.minutes(10))) struct GPURanksTests {
  private func job(
    ranks: Int, gpus: Int, _ arguments: [String], defers: Bool = true, _ extra: [String: String] = [:]
  ) throws -> ProbeJob.Result {
    var environment = try EmulatorBuild.environment.get()
    environment["OMPI_MCA_mpi_yield_when_idle"] = "1"
    environment["SGMN_EMULATOR_DEVICES"] = "\(gpus)"
    environment["SGMN_EMULATOR_DEFER"] = defers ? "1" : "0"
    environment.merge(extra) { $1 }
    return try ProbeJob("gradients-probe", ranks: ranks, arguments, environment: environment).finish()
  }

  private func lines(_ prefix: String, _ result: ProbeJob.Result) -> [String] {
    result.output.split(separator: "\n").filter { $0.hasPrefix(prefix) }.map(String.init)
  }

  @Test(arguments: [2, 3]) func throughHostMemoryTheSumsAreThoseOfTheCPU(rankCount: Int) throws {
    let host = try job(ranks: rankCount, gpus: 1, ["checks"])
    let staged = try job(ranks: rankCount, gpus: 1, ["--cuda", "auto", "checks"])
    #expect(host.status == 0 && staged.status == 0, "\(host.output)\(staged.output)")
    let route = "route gradients travel over MPI, through host memory: ranks 0 and 1 share a GPU"
    #expect(lines("route", staged) == [route, route])
    #expect(lines("digest", staged).count == 2 && lines("digest", staged) == lines("digest", host))
  }

  @Test(arguments: [2, 3]) func byNCCLTheSumsAreRightAndTheSameAgain(rankCount: Int) throws {
    let first = try job(ranks: rankCount, gpus: rankCount, ["--cuda", "auto", "checks"])
    #expect(first.status == 0, "\(first.output)")
    #expect(lines("route", first).first == "route gradients travel by NCCL 2.27.3, in float32")
    let second = try job(ranks: rankCount, gpus: rankCount, ["--cuda", "nccl", "checks"], defers: false)
    #expect(second.status == 0, "\(second.output)")
    #expect(lines("digest", first).count == 2 && lines("digest", first) == lines("digest", second))
  }

  /// Also with one rank, whose norm is then that of several; and with a GPU for each, where NCCL would add otherwise.
  @Test(arguments: [1, 2, 4]) func inATreeTheSumsAreThoseOfTheCPU(rankCount: Int) throws {
    let host = try job(ranks: 2, gpus: 1, ["tree", "4"])
    let staged = try job(ranks: rankCount, gpus: rankCount, ["--cuda", "auto", "tree", "4"])
    #expect(host.status == 0 && staged.status == 0, "\(host.output)\(staged.output)")
    let reason = "gradients travel over MPI, through host memory: NCCL does not add in the order of virtual ranks"
    #expect(lines("route", staged).allSatisfy { rankCount == 1 || $0 == "route " + reason }, "\(staged.output)")
    #expect(lines("digest", staged).count == 2 && lines("digest", staged) == lines("digest", host))
  }

  @Test func oneRankOnlyComputesTheNorm() throws {
    let result = try job(ranks: 1, gpus: 1, ["--cuda", "auto", "checks"])
    #expect(result.status == 0 && lines("digest", result).count == 2, "\(result.output)")
  }

  @Test func messagesOverMPIMayBeDemanded() throws {
    let result = try job(ranks: 2, gpus: 2, ["--cuda", "mpi", "checks"])
    #expect(result.status == 0, "\(result.output)")
    #expect(lines("route", result).first?.hasSuffix("through host memory: --transport mpi") == true)
  }

  @Test func withoutTheLibraryMPITakesOver() throws {
    let whole = try EmulatorBuild.environment.get()["SGMN_CUDA_LIBRARIES"]!
    let part = FileManager.default.temporaryDirectory.appendingPathComponent("without-nccl-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: part, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: part) }
    for name in try FileManager.default.contentsOfDirectory(atPath: whole)
    where name.contains(".so.") && !name.hasPrefix("libnccl") {
      try FileManager.default.createSymbolicLink(
        atPath: part.appendingPathComponent(name).path, withDestinationPath: "\(whole)/\(name)")
    }
    let environment = ["SGMN_CUDA_LIBRARIES": part.path]
    let result = try job(ranks: 2, gpus: 2, ["--cuda", "auto", "checks"], environment)
    #expect(result.status == 0, "\(result.output)")
    #expect(lines("route", result).first?.contains("rank 0 has no NCCL (No libnccl.so.2") == true, "\(result.output)")
    let refused = try job(ranks: 2, gpus: 2, ["--cuda", "nccl", "checks"], environment)
    #expect(refused.status != 0 && refused.output.contains("Gradients cannot travel by NCCL: rank 0 has no NCCL"))
  }

  @Test func demandedNCCLIsRefusedOnASharedCard() throws {
    let result = try job(ranks: 2, gpus: 1, ["--cuda", "nccl", "checks"])
    #expect(result.status != 0)
    #expect(result.output.contains("Gradients cannot travel by NCCL: ranks 0 and 1 share a GPU"), "\(result.output)")
  }

  /// The fault of the sum that NCCL reports ends the step, and the job with it, on whichever thread it was queued.
  @Test(arguments: [true, false]) func anErrorThatNCCLFindsEndsTheJob(defers: Bool) throws {
    let result = try job(
      ranks: 2, gpus: 2, ["--cuda", "nccl", "checks"], defers: defers,
      ["SGMN_EMULATOR_NCCL_FAILS": "30", "SGMN_EMULATOR_NCCL_STAYS": "1"])
    #expect(result.status == 76, "\(result.output)")
    #expect(result.output.contains("ncclAllReduce failed: remote process exited"), "\(result.output)")
  }

  /// What a GPU could not compute reaches no other rank.
  @Test(arguments: [1, 2]) func aKernelThatFailsEndsTheJob(gpus: Int) throws {
    let result = try job(
      ranks: 2, gpus: gpus, ["--cuda", "auto", "checks"], ["SGMN_EMULATOR_FAIL": "add_scaled_f32_f32"])
    #expect(result.status != 0 && result.status != 124, "\(result.output)")
    #expect(lines("digest", result).isEmpty && !result.output.contains("not so"), "\(result.output)")
  }

  @Test(arguments: [1, 3]) func aRankThatDiesInTheMiddleEndsTheJob(gpus: Int) throws {
    let result = try job(ranks: 3, gpus: gpus, ["--cuda", "auto", "die", "1"])
    #expect(result.status == 137, "\(result.output)")
    let ranks = lines("pid ", result).compactMap { pid_t($0.dropFirst(4)) }
    #expect(ranks.count == 3, "\(result.output)")
    #expect(ProbeJob.wait { ranks.allSatisfy { kill($0, 0) != 0 } }, "a rank lives on")
  }
}
