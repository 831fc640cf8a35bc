import Testing

@testable import CUDAWorker

@Suite struct LeastRecentlyUsedTests {
  @Test func forgetsWhatWasNotUsedForLongest() {
    var cache = LeastRecentlyUsed<Int, String>(capacity: 3)
    for key in 1...3 { cache.set(key, to: "\(key)") }
    #expect(cache.value(of: 1) == "1")
    cache.set(4, to: "4")
    #expect(cache.value(of: 2) == nil)
    #expect(Set(cache.entries.map(\.key)) == [1, 3, 4])
  }

  @Test func replacesAValueWithoutForgetting() {
    var cache = LeastRecentlyUsed<Int, String>(capacity: 2)
    cache.set(1, to: "a")
    cache.set(2, to: "b")
    cache.set(1, to: "c")
    #expect(cache.value(of: 1) == "c")
    #expect(cache.value(of: 2) == "b")
  }

  @Test func neverHoldsMoreThanItsCapacity() {
    var cache = LeastRecentlyUsed<Int, Int>(capacity: 64)
    for key in 0..<1000 {
      cache.set(key, to: key)
      #expect(cache.count <= 64)
    }
    // An eighth goes at once, so that at least seven eighths are the last ones.
    for key in 944..<1000 { #expect(cache.value(of: key) == key) }
  }
}
