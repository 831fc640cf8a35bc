import Faults
import MediaDecoding
import Testing

@testable import ShardBuilding

@Suite struct DecodeRequestTests {
  private var source: SampleSource {
    var source = SampleSource()
    source.clipID = "clip \"1\"\n"
    source.imageID = "红色"
    source.title = String(repeating: "长", count: 5000)
    source.tags = ["a": "b"]
    source.rightImageIDs = ["x", "y"]
    source.frames = .pictures([MediaLocation("a.tar", offset: 512, byteCount: 99), MediaLocation("b.jpg")])
    source.image = MediaLocation("c.jpg")
    source.titleEmbedding = [0, -0.0, .leastNonzeroMagnitude, 1.1]
    source.asrEmbedding = [.infinity]
    return source
  }

  @Test func `a sample comes through as it is`() throws {
    let copy = try DecodeRequest(DecodeRequest(source).bytes).source
    #expect(copy == source)
    #expect(copy.titleEmbedding.map(\.bitPattern) == source.titleEmbedding.map(\.bitPattern))
    for frames in [.none, .pictures([]), .video(MediaLocation("v.mp4"))] as [SampleSource.Frames] {
      var other = SampleSource()
      other.frames = frames
      #expect(try DecodeRequest(DecodeRequest(other).bytes).source == other)
    }
  }

  @Test func `anything else is a fault`() throws {
    let bytes = DecodeRequest(source).bytes
    for cut in 0..<min(bytes.count, 300) { #expect(throws: Fault.self) { try DecodeRequest(Array(bytes.prefix(cut))) } }
    for cut in 1..<100 { #expect(throws: Fault.self) { try DecodeRequest(Array(bytes.dropLast(cut))) } }
    #expect(throws: Fault.self) { try DecodeRequest(bytes + [0]) }
    // Whatever is changed, it is read or refused, and never trapped on.
    for place in 0..<min(bytes.count, 400) {
      var other = bytes
      other[place] = 0xFF
      _ = try? DecodeRequest(other)
    }
  }
}
