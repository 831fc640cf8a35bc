import Testing

@testable import TensorCore

@Suite struct FreeExtentsTests {
  private typealias Extent = FreeExtents.Extent

  @Test func theSmallestThatSufficesIsCutFromItsLowEnd() {
    var free = FreeExtents()
    free.give(1000, 500)
    free.give(2000, 100)
    free.give(3000, 200)
    #expect(free.take(90) == 2000)
    #expect(free.take(150) == 3000)
    #expect(free.take(501) == nil)
    #expect(free.take(500) == 1000)
    #expect(free.extents == [Extent(start: 2090, byteCount: 10), Extent(start: 3150, byteCount: 50)])
  }

  @Test(arguments: [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]])
  func neighboursGrowTogetherInAnyOrder(order: [UInt]) {
    var free = FreeExtents()
    free.give(0, 50)
    for place in order { free.give(100 + place * 10, 10) }
    #expect(free.extents == [Extent(start: 0, byteCount: 50), Extent(start: 100, byteCount: 30)])
  }

  @Test func aRangeIsTakenOutOfItsExtent() {
    var free = FreeExtents()
    free.give(100, 50)
    free.give(200, 50)
    free.take(at: 210, 20)
    free.take(at: 100, 10)
    free.take(at: 245, 5)
    #expect(
      free.extents == [
        Extent(start: 110, byteCount: 40), Extent(start: 200, byteCount: 10), Extent(start: 230, byteCount: 15),
      ])
    free.take(at: 110, 40)
    #expect(free.extents.map(\.start) == [200, 230])
  }
}
