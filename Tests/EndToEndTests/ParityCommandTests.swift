import FaultTrials
import Foundation
import Testing

extension EndToEnd {
  @Suite struct ParityCommandTests {
    private static let fixtures = (#filePath as NSString).deletingLastPathComponent + "/../ParityTests/Fixtures"

    @Test func theModelAgreesWithTheReference() throws {
      let files = ["one-pair", "no-gci"].map { "\(Self.fixtures)/\($0).safetensors" }
      let result = try Command("sgmn-parity", files).run()
      #expect(result.status == 0, "\(result.text)")
      for file in files { #expect(result.standardOutput.contains("\(file): agrees"), "\(result.text)") }
    }

    @Test func aChangedGradientIsFound() throws {
      let file = try World.shared().folder + "/changed.safetensors"
      var bytes = try Data(contentsOf: URL(fileURLWithPath: "\(Self.fixtures)/three-pairs.safetensors"))
      try changeGradient(&bytes)
      try bytes.write(to: URL(fileURLWithPath: file))
      let result = try Command("sgmn-parity", [file, "--quiet"]).run()
      #expect(result.status == 1, "\(result.text)")
      #expect(result.standardOutput.contains("1 of"), "\(result.text)")
      #expect(result.standardOutput.contains("beyond"), "\(result.text)")
    }

    @Test func garbageIsNoFixture() throws {
      let file = try World.shared().folder + "/garbage.safetensors"
      try Data((0..<1000).map { UInt8(truncatingIfNeeded: $0 * 37) }).write(to: URL(fileURLWithPath: file))
      let result = try Command("sgmn-parity", [file]).run()
      #expect(result.status == 65, "\(result.text)")
      #expect(result.lineCount(file) == 1, "\(result.text)")
    }

    /// Turns the sign of one number of the largest gradient.
    private func changeGradient(_ bytes: inout Data) throws {
      let headerCount = bytes.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
      let header = try #require(
        try JSONSerialization.jsonObject(with: bytes[8..<8 + headerCount]) as? [String: [String: Any]])
      let gradients = header.filter { $0.key.hasPrefix("grad.") }
        .compactMap { $0.value["data_offsets"] as? [Int] }
      let range = try #require(gradients.max { $0[1] - $0[0] < $1[1] - $1[0] })
      let start = 8 + headerCount + range[0]
      // The greatest number: turning the sign of that one is sure to be seen.
      let places = stride(from: start, to: 8 + headerCount + range[1], by: 4).map { place in
        (place: place, size: Int(bytes[place + 3] & 0x7F) << 8 | Int(bytes[place + 2]))
      }
      let greatest = try #require(places.max { $0.size < $1.size })
      bytes[greatest.place + 3] ^= 0x80
    }
  }
}
