import Faults
import ShardFormat
import Testing

@testable import ShardReports

@Suite struct SheetSelectionTests {
  private func made(_ count: Int) throws -> (folder: TemporaryFolder, set: ShardSet) {
    let folder = try TemporaryFolder()
    try SetFixture.build(folder.path, count: count)
    return (folder, try ShardSet(folder: folder.path))
  }

  @Test func evenlyFromFirstToLast() throws {
    let (folder, set) = try made(100)
    defer { _ = folder }
    let clips = (0..<100).filter { set.frameCount(at: $0) > 0 }
    let numbers = try SheetSelection(count: 10).numbers(in: set)
    #expect(numbers.count == 10)
    #expect(numbers.first == clips.first && numbers.last == clips.last)
    #expect(Set(numbers).isSubset(of: clips))
    #expect(try SheetSelection(count: 1000).numbers(in: set) == clips)
    #expect(try SheetSelection(count: 1).numbers(in: set) == [clips[0]])
  }

  @Test func atRandomBySeed() throws {
    let (folder, set) = try made(100)
    defer { _ = folder }
    let one = try SheetSelection(count: 8, seed: 1).numbers(in: set)
    #expect(try SheetSelection(count: 8, seed: 1).numbers(in: set) == one)
    #expect(try SheetSelection(count: 8, seed: 2).numbers(in: set) != one)
    #expect(Set(one).count == 8)
    #expect(one == one.sorted())
  }

  @Test func ofOneCategory() throws {
    let (folder, set) = try made(200)
    defer { _ = folder }
    let numbers = try SheetSelection(count: 5, category: "category 1").numbers(in: set)
    #expect(!numbers.isEmpty)
    for number in numbers { #expect(try set.summary(at: number).categoryID == "category 1") }
    let fault = #expect(throws: Fault.self) { try SheetSelection(count: 5, category: "none").numbers(in: set) }
    #expect(fault?.code == .inputMissing)
  }

  @Test func picturesAloneWhereThereAreNoClips() throws {
    let folder = try TemporaryFolder()
    let writer = try ShardWriter(
      folder: folder.path, configuration: ShardConfiguration(resolution: 2, maximumFrameCount: 1))
    try writer.append(Sample(imageID: "only", image: [UInt8](repeating: 9, count: 12)))
    try writer.finish()
    #expect(try SheetSelection(count: 4).numbers(in: ShardSet(folder: folder.path)) == [0])
  }
}
