import Foundation
import Randomness
import Testing

@testable import ShardBuilding

@Suite struct JSONParserTests {
  func parse(_ text: String) throws -> JSONValue { try JSONParser.parse(Array(text.utf8)) }

  @Test func `values, the order of members, and all escapes`() throws {
    #expect(
      try parse(#" {"b" : [1, -0.5e+3, true, null] , "a":{}, "红":"\u7ea2\ud83d\ude00\n\/\\\"é"} "#)
        == .object([
          .init(name: "b", value: .list([.number("1"), .number("-0.5e+3"), .boolean(true), .null])),
          .init(name: "a", value: .object([])),
          .init(name: "红", value: .string("红😀\n/\\\"é")),
        ]))
  }

  @Test(arguments: [
    "", " ", "{", "[1,]", "{\"a\":1,}", "[1 2]", "{\"a\" 1}", "{a:1}", "{\"a\":1,\"a\":2}", "01", "1.", ".5", "+1",
    "1e",
    "NaN", "-", "tru", "\"\\x\"", "\"\\u12g4\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"a\nb\"", "\"a",
    "\"\\", "1 1", "[]]", String(repeating: "[", count: 100_000), "\"\\ud800\\",
  ])
  func `what is not JSON is refused`(_ text: String) {
    #expect(throws: JSONParser.Failure.self) { try JSONParser.parse(Array(text.utf8)) }
  }

  @Test(arguments: [1, 14, 15, 16, 17, 40])
  func `a name twice is found in objects of any size`(_ count: Int) throws {
    let members = (0..<count).map { "\"n\($0)\":\($0)" }
    #expect(try parse("{" + members.joined(separator: ",") + "}").members?.count == count)
    for twice in Set([0, count / 2, count - 1]) {
      #expect(throws: JSONParser.Failure.self) {
        try parse("{" + (members + ["\"n\(twice)\":0"]).joined(separator: ",") + "}")
      }
    }
  }

  @Test func `more values than are allowed are refused`() throws {
    let text = Array(#"{"a":[1,2,[]],"b":null}"#.utf8)
    #expect(try JSONParser.parse(text, valueLimit: 6).members?.count == 2)
    #expect(throws: JSONParser.Failure(what: "Too many values", offset: 18)) {
      try JSONParser.parse(text, valueLimit: 5)
    }
  }

  @Test func `broken UTF-8 is refused`() {
    #expect(throws: JSONParser.Failure.self) { try JSONParser.parse([0x22, 0xC3, 0x22]) }
    #expect(throws: JSONParser.Failure.self) { try JSONParser.parse([0x22, 0xED, 0xA0, 0x80, 0x22]) }
  }

  @Test func `Foundation and this reader agree on random damage of a text`() {
    let original = Array(#"{"url":"https://x/1.jpg","n":[1,2.5e3,{"k":null}],"t":"\u00e9\n","b":true}"#.utf8)
    var random = RandomStream(seed: 11, "json")
    for _ in 0..<4000 {
      var bytes = original
      for _ in 0..<1 + random.integer(below: 3) {
        bytes[random.integer(below: bytes.count)] = UInt8(random.integer(below: 128))
      }
      if random.integer(below: 4) == 0 { bytes.removeLast(random.integer(below: bytes.count)) }
      // Foundation takes two members of one name, NUL bytes around a value, and numbers only as large as a Double.
      let ours = try? JSONParser.parse(bytes)
      let theirs = try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
      if ours != nil { #expect(theirs != nil, "\(String(decoding: bytes, as: UTF8.self))") }
    }
  }
}
