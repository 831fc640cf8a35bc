import Faults

extension SampleCatalog {
  /// Throws `Fault(.badData)` where two entries are the same sample: names the first that repeats, and both places.
  ///
  /// Looks at the keys alone, so nothing is read and nothing is decoded; 16 bytes of memory an entry meanwhile.
  public func refuseRepetitions() throws {
    var order: [(key: UInt64, index: Int)] = []
    order.reserveCapacity(count)
    for index in 0..<count { order.append((try key(at: index), index)) }
    order.sort { ($0.key, $0.index) < ($1.key, $1.index) }
    var repetition: (first: Int, second: Int)?
    for (one, other) in zip(order, order.dropFirst()) where one.key == other.key {
      if other.index < repetition?.second ?? .max { repetition = (one.index, other.index) }
    }
    guard let (first, second) = repetition else { return }
    let name = (try? sample(at: second).name) ?? "entry \(second + 1)"
    throw Fault(
      .badData, "The \(name) occurs twice", at: "\(place(of: first)) and \(place(of: second))",
      remedy: "Give each clip its own id, or leave one out")
  }
}
