import Faults
import Foundation
import ShardFormat
import Testing

/// Pictures that are unpacked to where they are wanted are those that `load` gives.
@Suite struct PictureMemoryTests {
  @Test(arguments: [(PixelEncoding.rgb, 8), (.yuv420, 8), (.yuv420, 7), (.yuv420, 1)])
  func chosenFramesGoWhereTheyAreWanted(encoding: PixelEncoding, resolution: Int) throws {
    let folder = try TemporaryFolder()
    var configuration = SampleFixtures.configuration
    configuration.resolution = resolution
    configuration.pixelEncoding = encoding
    try SampleFixtures.build(folder.path, count: 20, configuration: configuration)
    let set = try ShardSet(folder: folder.path)
    let (decoder, other) = (ShardDecoder(), ShardDecoder())
    let size = configuration.pictureByteCount
    for number in 0..<20 {
      let expected = try set.load(at: number, using: other)
      // Every other frame, the last first, and a picture's room between them.
      let chosen = stride(from: 0, to: expected.frameCount, by: 2).reversed().map { $0 }
      let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * size * (1 + chosen.count), alignment: 64)
      defer { memory.deallocate() }
      memory.initializeMemory(as: UInt8.self, repeating: 0xEE)
      func room(_ place: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: memory[(2 * place * size)..<((2 * place + 1) * size)])
      }
      let summary = try set.load(at: number, using: decoder) { summary in
        #expect(summary == expected)
        return ShardSet.PictureMemory(image: room(0), frames: chosen.enumerated().map { ($1, room(1 + $0)) })
      }
      #expect(summary == expected)
      #expect(Array(room(0)) == Array(other.image))
      for (place, frame) in chosen.enumerated() {
        #expect(Array(room(1 + place)) == Array(other.frames[(frame * size)..<((frame + 1) * size)]))
      }
      for place in 0...chosen.count {
        #expect(memory[((2 * place + 1) * size)..<((2 * place + 2) * size)].allSatisfy { $0 == 0xEE })
      }
      #expect(decoder.image.isEmpty && decoder.frames.isEmpty)
    }
    #expect(decoder.timings.pictureByteCount > 0)
  }

  @Test func damagedPixelsAreToldWithTheirPlace() throws {
    let folder = try TemporaryFolder()
    try SampleFixtures.build(folder.path, count: 3)
    let set = try ShardSet(folder: folder.path)
    let location = set.location(of: 1)
    var bytes = try Data(contentsOf: URL(fileURLWithPath: location.path))
    bytes[location.offset + location.byteCount - 1] ^= 1
    try bytes.write(to: URL(fileURLWithPath: location.path))
    let fault = try #require(throws: Fault.self) {
      _ = try set.load(at: 1, using: ShardDecoder()) { _ in
        Issue.record("memory was asked for")
        return ShardSet.PictureMemory(image: UnsafeMutableRawBufferPointer(start: nil, count: 0), frames: [])
      }
    }
    #expect(fault.code == .badData)
    #expect(fault.place?.contains("sample 1") == true)
  }
}
