/// Memory that grows and is never cleared; of one owner.
struct RawBuffer: ~Copyable {
  private(set) var bytes = UnsafeMutableRawBufferPointer(start: nil, count: 0)

  deinit { bytes.deallocate() }

  /// Makes room for `count` bytes; what was there is lost where it grows.
  mutating func grow(to count: Int) {
    guard bytes.count < count else { return }
    bytes.deallocate()
    bytes = .allocate(byteCount: count + count / 4, alignment: 64)
  }
}
