import DurableFiles
import Faults
import Testing

@Suite struct ByteReaderTests {
  @Test func whatTheWriterWritesTheReaderReads() throws {
    var writer = ByteWriter()
    writer.integer(UInt8(7))
    writer.integer(Int32(-5))
    writer.count(1 << 40)
    writer.string("Zürich 鞋")
    writer.append([1, 2, 3])
    #expect(Array(writer.bytes.prefix(5)) == [7, 0xFB, 0xFF, 0xFF, 0xFF])
    var reader = ByteReader(writer.bytes, path: "f")
    #expect(try reader.integer(UInt8.self, "a") == 7)
    #expect(try reader.integer(Int32.self, "b") == -5)
    #expect(try reader.count("c") == 1 << 40)
    #expect(try reader.string("d", limit: 100) == "Zürich 鞋")
    #expect(try Array(reader.bytes(3, "e")) == [1, 2, 3])
    try reader.expectEnd()
  }

  @Test func faultsNameFieldAndByte() throws {
    var reader = ByteReader([1, 2, 3, 4, 5], path: "file", offset: 100)
    _ = try reader.integer(UInt16.self, "version")
    let fault = try #require(throws: Fault.self) { _ = try reader.integer(UInt32.self, "sample count") }
    #expect(fault.what == "The sample count ends early: expected 4 bytes, found 3")
    #expect(fault.place == "file: byte 102")
    #expect(fault.code == .badData)
    #expect(throws: Fault.self) { try reader.expectEnd() }
  }

  @Test func lyingCountsThrow() throws {
    for value in [UInt64.max, 1 << 63, 1001] {
      var writer = ByteWriter()
      writer.integer(value)
      var reader = ByteReader(writer.bytes, path: "f")
      #expect(throws: Fault.self) { try reader.count("count", limit: 1000) }
    }
    var reader = ByteReader([0xFF, 0xFF, 0xFF, 0x7F, 65], path: "f")
    #expect(throws: Fault.self) { try reader.string("title", limit: Int.max) }
    var negative = ByteReader([1], path: "f")
    #expect(throws: Fault.self) { _ = try negative.bytes(-1, "x") }
    var text = ByteReader([2, 0, 0, 0, 0xC3, 0x28], path: "f")
    let fault = try #require(throws: Fault.self) { try text.string("title", limit: 9) }
    #expect(fault.what == "The title is not valid UTF-8")
  }
}
