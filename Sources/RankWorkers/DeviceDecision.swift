import CUDAWorker
import Faults

/// What all ranks of a command compute on, and what there is to say about it: a pure function of what they found.
enum DeviceDecision: Equatable {
  /// A line for the log where something was looked for.
  case cpu(String?)
  case gpu(String?)

  /// All have a GPU, or none uses one: ranks of two kinds would compute different numbers, and wait for the slower ones.
  ///
  /// - Parameter findings: of the ranks in their order; empty where none was to look.
  /// - Throws: where GPUs were demanded, or are there and do not work, the first fault, which names its rank.
  init(_ choice: DeviceChoice, _ findings: [DeviceFinding]) throws(Fault) {
    guard choice != .cpu, !findings.isEmpty else {
      self = .cpu(nil)
      return
    }
    let obstacles = findings.indices.compactMap { rank in findings[rank].obstacle.map { (rank, $0) } }
    guard let first = obstacles.first(where: { !$0.1.isAbsence }) ?? obstacles.first else {
      self = .gpu(DeviceDecision.sharing(findings))
      return
    }
    let (rank, obstacle) = first
    var fault = obstacle.fault
    let isEverywhere = choice == .auto && obstacles.count == findings.count && obstacle.isAbsence
    if findings.count > 1, !isEverywhere { fault.what = "Rank \(rank) on \(findings[rank].host): \(fault.what)" }
    guard choice == .auto, obstacle.isAbsence else { throw fault }
    fault.remedy = nil  // nothing is wrong
    let others = findings.count - obstacles.count
    let all = others > 0 ? " All ranks compute alike: the GPUs of \(others) other rank(s) stay idle." : ""
    self = .cpu("on the CPU, for there is no GPU: \(fault)\(all)")
  }

  /// Which ranks use one GPU together.
  private static func sharing(_ findings: [DeviceFinding]) -> String? {
    let cards = Dictionary(grouping: findings.indices) { findings[$0].gpu?.uuid ?? [] }
    let shared = cards.values.filter { $0.count > 1 }.sorted { $0[0] < $1[0] }
    guard let example = shared.first, let gpu = findings[example[0]].gpu else { return nil }
    let ranks = example.map(String.init).joined(separator: ", ")
    let more = shared.count > 1 ? ", and so on \(shared.count - 1) more" : ""
    return "ranks \(ranks) share GPU \(gpu.number) of \(findings[example[0]].host), \(gpu.name)\(more)"
  }
}
