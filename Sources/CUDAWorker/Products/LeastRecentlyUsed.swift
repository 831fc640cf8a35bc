/// The values of the keys that were asked for last, at most `capacity` of them.
struct LeastRecentlyUsed<Key: Hashable, Value> {
  private struct Entry {
    var value: Value
    var use: UInt64
  }

  let capacity: Int
  private var stored: [Key: Entry] = [:]
  private var uses: UInt64 = 0

  init(capacity: Int) {
    precondition(capacity > 0, "a cache of \(capacity) values")
    self.capacity = capacity
  }

  var count: Int { stored.count }
  var entries: [(key: Key, value: Value)] { stored.map { ($0.key, $0.value.value) } }

  /// The value of `key`, which counts as used now.
  mutating func value(of key: Key) -> Value? {
    guard let index = stored.index(forKey: key) else { return nil }
    uses += 1
    stored.values[index].use = uses
    return stored.values[index].value
  }

  mutating func set(_ key: Key, to value: Value) {
    if stored.count >= capacity && stored[key] == nil { forgetOldest() }
    uses += 1
    stored[key] = Entry(value: value, use: uses)
  }

  /// Makes room for an eighth of the capacity at once, so that a full cache is not searched for every new key.
  private mutating func forgetOldest() {
    let newestForgotten = stored.values.map(\.use).sorted()[max(1, capacity / 8) - 1]
    stored = stored.filter { $0.value.use > newestForgotten }
  }
}
