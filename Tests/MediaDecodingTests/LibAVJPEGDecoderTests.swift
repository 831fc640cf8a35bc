import Faults
import Testing

@testable import MediaDecoding

@Suite struct LibAVJPEGDecoderTests {
  @Test func `decodes one file after another, and says what is no JPEG`() throws {
    let decoder = try LibAVJPEGDecoder()
    #expect(try decoder.decode(Fixture.bytes("jpeg/landscape.jpg")) == 97 * 64)
    #expect(try decoder.decode(Fixture.bytes("jpeg/full.jpg")) == 50 * 37)
    #expect { try decoder.decode(Array("not a picture".utf8)) } throws: { ($0 as? Fault)?.code == .badData }
    #expect(try decoder.decode(Fixture.bytes("jpeg/landscape.jpg")) == 97 * 64)
  }
}
