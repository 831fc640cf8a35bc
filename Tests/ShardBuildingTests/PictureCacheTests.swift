import Faults
import Testing

@testable import ShardBuilding

@Suite struct PictureCacheTests {
  @Test func `the last pictures are at hand, older ones and failures are decoded again`() throws {
    let cache = PictureCache(capacity: 2)
    var decoded: [String] = []
    func planes(_ path: String) throws -> [UInt8] {
      try cache.planes(of: path) {
        decoded.append(path)
        guard path != "bad" else { throw Fault(.badData, "damaged") }
        return Array(path.utf8)
      }
    }
    for path in ["a", "b", "a", "b"] { #expect(try planes(path) == Array(path.utf8)) }
    #expect(decoded == ["a", "b"])
    for _ in 0..<2 { #expect(throws: Fault.self) { try planes("bad") } }
    #expect(try planes("c") == Array("c".utf8) && planes("b") == Array("b".utf8) && planes("a") == Array("a".utf8))
    #expect(decoded == ["a", "b", "bad", "bad", "c", "a"])
  }
}
