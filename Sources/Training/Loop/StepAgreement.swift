import Collectives
import Faults

/// What every rank says before a step, in one exchange: where it is, and on rank 0 the orders.
///
/// No rank leaves the loop or begins a step unless all are about to do the same.
struct StepAgreement: Equatable {
  /// Steps done, and whether the rank believes that these are all.
  var step: Int
  var isOver: Bool
  /// Whether the rank was asked to stop.
  var isStopRequested: Bool
  /// Looked at on rank 0 alone.
  var orders: StepOrders

  /// What all ranks do next; nil where all steps are done. Collective.
  ///
  /// Throws the same `AgreedFault` on every rank where one is elsewhere.
  func agreedOrders(over communicator: any Communicator) throws -> StepOrders? {
    let own = words
    var all = [UInt64](repeating: 0, count: own.count * communicator.rankCount)
    try own.withUnsafeBytes { own in try all.withUnsafeMutableBytes { try communicator.allGather(own, into: $0) } }
    let ranks = stride(from: 0, to: all.count, by: own.count).map { StepAgreement(all[$0..<$0 + own.count]) }
    if let fault = StepAgreement.fault(ranks) { throw AgreedFault(fault: fault, rank: 0) }
    return StepAgreement.orders(ranks)
  }

  /// Those of rank 0, who goes on only if no rank was asked to stop.
  static func orders(_ ranks: [StepAgreement]) -> StepOrders? {
    if ranks[0].isOver { return nil }
    var orders = ranks[0].orders
    if ranks.contains(where: \.isStopRequested) { orders.goesOn = false }
    return orders
  }

  /// Names the ranks that are not where most are, in doubt where rank 0 is.
  static func fault(_ ranks: [StepAgreement]) -> Fault? {
    let places = ranks.map(\.place)
    guard let majority = Majority.value(of: places), places.contains(where: { $0 != majority }) else { return nil }
    let odd = ranks.indices.filter { places[$0] != majority }.map { "rank \($0) \(places[$0])" }
    return Fault(
      .internalError, "The ranks are not at the same step: \(odd.joined(separator: ", ")), the others \(majority)",
      remedy: "Report it; the same command goes on from the last checkpoint")
  }

  private var place: String { isOver ? "at the end after step \(step)" : "before step \(step + 1)" }

  private var words: [UInt64] {
    [UInt64(step), (isOver ? 1 : 0) | (isStopRequested ? 2 : 0)] + orders.words
  }

  private init(_ words: ArraySlice<UInt64>) {
    let start = words.startIndex
    step = Int(words[start])
    (isOver, isStopRequested) = (words[start + 1] & 1 != 0, words[start + 1] & 2 != 0)
    orders = StepOrders(words: words[(start + 2)...])
  }

  init(step: Int, isOver: Bool, isStopRequested: Bool, orders: StepOrders) {
    (self.step, self.isOver, self.isStopRequested, self.orders) = (step, isOver, isStopRequested, orders)
  }
}
