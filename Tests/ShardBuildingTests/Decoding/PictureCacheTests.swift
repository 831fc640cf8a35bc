import Faults
import MediaDecoding
import ShardFormat
import Testing

@testable import ShardBuilding

@Suite struct PictureCacheTests {
  @Test func `the last pictures are at hand, older ones and failures are encoded again`() throws {
    let configuration = ShardConfiguration(resolution: 2, maximumFrameCount: 1, pixelEncoding: .rgb)
    let encoder = try ShardEncoder(configuration: configuration)
    let cache = PictureCache(capacity: 2)
    var encoded: [String] = []
    func expected(_ path: String) throws -> EncodedPicture {
      try encoder.picture([UInt8](repeating: path.utf8.first!, count: configuration.pictureByteCount))
    }
    func picture(_ path: String) throws -> EncodedPicture {
      try cache.picture(at: MediaLocation(path)) {
        encoded.append(path)
        guard path != "bad" else { throw Fault(.badData, "damaged") }
        return try expected(path)
      }
    }
    for path in ["a", "b", "a", "b"] { #expect(try picture(path) == expected(path)) }
    #expect(encoded == ["a", "b"])
    for _ in 0..<2 { #expect(throws: Fault.self) { try picture("bad") } }
    for path in ["c", "b", "a"] { #expect(try picture(path) == expected(path)) }
    #expect(encoded == ["a", "b", "bad", "bad", "c", "a"])
    _ = try cache.picture(at: MediaLocation("a", offset: 8, byteCount: 8)) {
      encoded.append("part of a")
      return try expected("a")
    }
    #expect(encoded.last == "part of a")
  }
}
