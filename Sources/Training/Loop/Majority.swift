/// What most ranks have.
enum Majority {
  /// The value that more ranks have than any other; where there are several such, that of rank 0. nil of no ranks.
  static func value<Value: Hashable>(of ranks: [Value]) -> Value? {
    let counts = Dictionary(ranks.map { ($0, 1) }, uniquingKeysWith: +)
    let most = counts.values.max() ?? 0
    let candidates = counts.filter { $0.value == most }
    return candidates.count == 1 ? candidates.first?.key : ranks.first
  }
}
