import Testing

@testable import WeightFiles

/// Safetensors that lie about what is in them, through the door that all weights come through.
@Suite struct HostileSafetensorsTests {
  @Test(arguments: [
    (
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#,
      12,
      "overlaps the tensor before it"
    ),
    (
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}}"#,
      16, "leaves a gap before it"
    ),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 4, "the file has 4 bytes of data"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 12, "the file has 12 bytes of data"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, 8, "not two numbers in order"),
    (#"{"a":{"dtype":"F33","shape":[2],"data_offsets":[0,8]}}"#, 8, "Unknown dtype \"F33\""),
    (#"{"a":{"dtype":"F64","shape":[2],"data_offsets":[0,8]}}"#, 8, "needs 16 bytes, its range has 8"),
    (
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[0],"data_offsets":[8,8]}}"#,
      8,
      "\"a\" occurs twice"
    ),
    (#"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}"#, 0, "overflows"),
    (#"{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,0]}}"#, 0, "too large"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,9223372036854775807]}}"#, 8, "its range has"),
    (#"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, 8, "whole number of at least 0"),
    (#"{"a":[[[[[[[["#, 8, "Expected {"),
  ])
  func `headers that lie`(_ header: String, _ dataByteCount: Int, _ reason: String) throws {
    try expectRefused(file(header: header, dataByteCount: dataByteCount), reason)
  }

  @Test(arguments: [1 << 32, 100_000_001, 1 << 62, UInt64.max])
  func `headers of 4 GB and more`(_ length: UInt64) throws {
    try expectRefused(file(length: length, header: "{}"), "header length is \(length), more than the limit")
  }

  @Test func `a header that the file does not have`() throws {
    try expectRefused(file(length: 99_000_000, header: "{}"), "The header should have 99000000 bytes")
  }

  private func file(length: UInt64? = nil, header: String, dataByteCount: Int = 0) -> [UInt8] {
    withUnsafeBytes(of: (length ?? UInt64(header.utf8.count)).littleEndian) { Array($0) } + Array(header.utf8)
      + [UInt8](repeating: 0, count: dataByteCount)
  }
}
