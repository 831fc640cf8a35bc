import Collectives
import Faults
import Testing

@testable import GradientAveraging

/// The choice of a route: a pure function of what the ranks report.
@Suite struct GradientRouteTests {
  private func cards(_ names: String...) -> [RankReport] { names.map { RankReport(gpu: $0, version: "2.27.3") } }

  private func summary(
    _ reports: [RankReport], _ transport: Transport = .auto, wire: WireFormat = .float32
  ) throws -> String? {
    try GradientRoute(reports, transport, wire: wire).summary
  }

  @Test func aCardForEveryRankTakesNCCL() throws {
    let route = try GradientRoute(cards("m 1", "m 2", "n 1"), .auto, wire: .float32)
    #expect(route.way == .nccl(version: "2.27.3"))
    #expect(route.summary == "gradients travel by NCCL 2.27.3, in float32")
    #expect(
      try summary(cards("m 1", "m 2"), .nccl, wire: .bfloat16)
        == "gradients travel by NCCL 2.27.3, in float32: it would round bfloat16 wherever it adds; "
        + "--transport mpi rounds twice at most")
  }

  @Test func whatNCCLCannotCarryTakesMPIAndSaysWhy() throws {
    let over = "gradients travel over MPI, through host memory: "
    #expect(try summary(cards("m 1", "m 2", "m 1")) == over + "ranks 0 and 2 share a GPU")
    #expect(try summary(cards("m 1", "m 2"), .mpi) == over + "--transport mpi")
    var reports = cards("m 1", "m 2")
    reports[1] = RankReport(gpu: "m 2", obstacle: "libnccl.so.2 was not found")
    #expect(try summary(reports) == over + "rank 1 has no NCCL (libnccl.so.2 was not found)")
    reports[1] = RankReport(gpu: "m 2", version: "2.18.1")
    #expect(try summary(reports) == over + "rank 1 has NCCL 2.18.1, rank 0 has 2.27.3")
    reports[1] = RankReport(gpu: nil)
    #expect(try summary(reports) == over + "rank 1 computes on the CPU")
  }

  @Test func oneRankAndCPUsHaveNothingToSay() throws {
    #expect(try summary(cards("m 1")) == nil)
    #expect(try summary(cards("m 1"), .nccl) == nil)
    #expect(try summary([RankReport(gpu: nil), RankReport(gpu: nil)]) == nil)
  }

  @Test func demandedNCCLIsGivenOrRefused() {
    for (reports, reason) in [
      (cards("m 1", "m 1"), "ranks 0 and 1 share a GPU"),
      ([RankReport(gpu: nil), RankReport(gpu: nil)], "rank 0 computes on the CPU"),
    ] {
      let fault = #expect(throws: Fault.self) { _ = try GradientRoute(reports, .nccl, wire: .float32) }
      #expect(fault?.code == .configuration)
      #expect(fault?.what == "Gradients cannot travel by NCCL: \(reason)")
    }
  }

  @Test func ncclDoesNotAddInAFixedOrder() throws {
    let order = SummationOrder.tree(perRank: 2)
    let route = try GradientRoute(cards("m 1", "m 2"), .auto, wire: .float32, order: order)
    #expect(route.way == .mpi)
    #expect(
      route.summary == "gradients travel over MPI, through host memory: NCCL does not add in the order of virtual ranks"
    )
    let fault = #expect(throws: Fault.self) {
      _ = try GradientRoute(cards("m 1", "m 2"), .nccl, wire: .float32, order: order)
    }
    #expect(fault?.code == .configuration)
    #expect(fault?.what == "Gradients cannot travel by NCCL: NCCL does not add in the order of virtual ranks")
    #expect(try GradientRoute(cards("m 1"), .nccl, wire: .float32, order: order).summary == nil)
  }

  @Test func reportsTravelWhole() {
    for report in [
      RankReport(gpu: nil), RankReport(gpu: "m 1", version: "2.27.3"),
      RankReport(gpu: "m 1", obstacle: "none, nowhere"),
    ] { #expect(RankReport(report.bytes) == report) }
  }
}
