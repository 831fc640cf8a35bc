/// Which sample of a set every place of an epoch has.
public enum EpochOrder: Sendable {
  /// By arithmetic, over the trainable samples.
  case mixed(SampleOrder, samples: [Int32])
  /// By a table in which a batch has a product at most once.
  case spread([Int32])

  /// Places of the epoch.
  public var count: Int {
    switch self {
    case .mixed(let order, _): order.count
    case .spread(let samples): samples.count
    }
  }

  /// The number in the set of the sample at a place.
  public subscript(place: Int) -> Int {
    switch self {
    case .mixed(let order, let samples): Int(samples[order[place]])
    case .spread(let samples): Int(samples[place])
    }
  }
}
