import Testing

@testable import ONNXExport

/// Against the examples of protobuf.dev/programming-guides/encoding and numbers worked out by hand from it.
@Suite struct ProtobufWriterTests {
  private func bytes(_ write: (inout ProtobufWriter) -> Void) -> [UInt8] {
    var writer = ProtobufWriter()
    write(&writer)
    return writer.bytes
  }

  @Test(
    arguments: [
      (0, [0x08, 0x00]), (1, [0x08, 0x01]), (127, [0x08, 0x7F]), (128, [0x08, 0x80, 0x01]), (150, [0x08, 0x96, 0x01]),
      (-2, [0x08, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]),
      (.max, [0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]),
    ] as [(Int, [UInt8])]) func integersAreVarints(value: Int, expected: [UInt8])
  {
    #expect(bytes { $0.integer(1, value) } == expected)
  }

  @Test func aFieldFrom16OnHasAKeyOfTwoBytes() {
    #expect(bytes { $0.integer(15, 1) } == [0x78, 0x01])
    #expect(bytes { $0.integer(16, 1) } == [0x80, 0x01, 0x01])
    #expect(bytes { $0.integer(20, 7) } == [0xA0, 0x01, 0x07])
  }

  @Test func floatsAreFourBytes() {
    #expect(bytes { $0.float(2, 1.5) } == [0x15, 0x00, 0x00, 0xC0, 0x3F])
  }

  @Test func stringsHaveTheLengthOfTheirUTF8() {
    #expect(bytes { $0.string(2, "testing") } == [0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6E, 0x67])
    #expect(bytes { $0.string(2, "直") } == [0x12, 0x03, 0xE7, 0x9B, 0xB4])
    #expect(bytes { $0.string(2, "") } == [0x12, 0x00])
    let long = bytes { $0.data(1, [UInt8](repeating: 9, count: 300)) }
    #expect(long.prefix(3) == [0x0A, 0xAC, 0x02] && long.count == 303)
  }

  private struct Number: ProtobufMessage {
    var value: Int
    func write(to writer: inout ProtobufWriter) { writer.integer(1, value) }
  }

  @Test func messagesAreTheirBytes() {
    #expect(bytes { $0.message(3, Number(value: 150)) } == [0x1A, 0x03, 0x08, 0x96, 0x01])
  }

  @Test func anOpsetAndAShapeAsONNXWritesThem() {
    #expect(OperatorSetIdProto(version: 17).serialized() == [0x0A, 0x00, 0x10, 0x11])
    let value = ValueInfoProto(name: "x", elementType: .uint8, shape: [.name("n"), .size(3)], docString: "d")
    #expect(
      value.serialized() == [
        0x0A, 0x01, 0x78,  // name
        0x12, 0x0F, 0x0A, 0x0D, 0x08, 0x02,  // type, tensor_type, elem_type
        0x12, 0x09, 0x0A, 0x03, 0x12, 0x01, 0x6E, 0x0A, 0x02, 0x08, 0x03,  // shape: n, 3
        0x1A, 0x01, 0x64,
      ])
  }
}
