import Faults

/// How gradients travel between the ranks of a run; all ranks choose alike, from what each has told.
public struct GradientRoute: Sendable, Equatable {
  enum Way: Sendable, Equatable {
    /// Over MPI, from and to host memory.
    case mpi
    /// By NCCL of this version, from GPU to GPU.
    case nccl(version: String)
  }

  let way: Way
  /// A line for the log; nil where there is nothing to choose.
  public let summary: String?

  /// - Parameters:
  ///   - reports: of all ranks, in rank order.
  ///   - wire, order: what the run asks for.
  /// - Throws: the fault that NCCL was demanded and cannot be had.
  init(
    _ reports: [RankReport], _ transport: Transport, wire: WireFormat, order: SummationOrder = .ofRanks
  ) throws(Fault) {
    guard reports.count > 1, transport == .nccl || reports.contains(where: { $0.gpu != nil }) else {
      (way, summary) = (.mpi, nil)
      return
    }
    let obstacle = order.isFixed ? "NCCL does not add in the order of virtual ranks" : Self.obstacle(reports)
    if transport == .nccl, let obstacle {
      throw Fault(
        .configuration, "Gradients cannot travel by NCCL: \(obstacle)", remedy: "Use --transport auto, or mpi")
    }
    if let version = reports[0].version, obstacle == nil, transport != .mpi {
      way = .nccl(version: version)
      summary =
        "gradients travel by NCCL \(version), in float32"
        + (wire == .bfloat16 ? ": it would round bfloat16 wherever it adds; --transport mpi rounds twice at most" : "")
    } else {
      way = .mpi
      let reason = transport == .mpi ? "--transport mpi" : obstacle ?? ""
      summary = "gradients travel over MPI, through host memory: \(reason)"
    }
  }

  /// Why NCCL cannot carry the gradients; nil where it can.
  private static func obstacle(_ reports: [RankReport]) -> String? {
    if let rank = reports.firstIndex(where: { $0.gpu == nil }) { return "rank \(rank) computes on the CPU" }
    let owners = Dictionary(grouping: reports.indices) { reports[$0].gpu }
    if let shared = owners.values.filter({ $0.count > 1 }).min(by: { $0[0] < $1[0] }) {
      return "ranks \(shared[0]) and \(shared[1]) share a GPU"
    }
    if let rank = reports.firstIndex(where: { $0.version == nil }) {
      return "rank \(rank) has no NCCL" + (reports[rank].obstacle.map { " (\($0))" } ?? "")
    }
    if let rank = reports.firstIndex(where: { $0.version != reports[0].version }) {
      return "rank \(rank) has NCCL \(reports[rank].version ?? ""), rank 0 has \(reports[0].version ?? "")"
    }
    return nil
  }
}
