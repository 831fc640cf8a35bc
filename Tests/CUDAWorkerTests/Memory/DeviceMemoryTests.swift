import Faults
import Randomness
import Testing

@testable import CUDAWorker

@Suite struct DeviceMemoryTests {
  /// A card of some bytes, whose memory grows in chunks; in one range of addresses, or in separate ones.
  private final class Card: MemorySource {
    let capacity: Int
    let chunk: Int
    let isOneRange: Bool
    private(set) var byteCount = 0
    private(set) var growths = 0
    private var end: UInt = 1 << 40

    init(capacity: Int, chunk: Int = 8 << 20, isOneRange: Bool = true) {
      self.capacity = capacity
      self.chunk = chunk
      self.isOneRange = isOneRange
    }

    var cardText: String { "GPU 0, a card, has \(ByteText(capacity - byteCount)) free of \(ByteText(capacity))" }

    func grow(by wanted: Int, after last: Extent?) -> Extent? {
      var missing = wanted
      if isOneRange, let last, last.end == end { missing -= last.byteCount }
      let size = (missing + chunk - 1) / chunk * chunk
      guard byteCount + size <= capacity else { return nil }
      if !isOneRange { end += 4096 }
      defer { end += UInt(size) }
      byteCount += size
      growths += 1
      return Extent(start: end, byteCount: size)
    }
  }

  private func memory(_ card: Card) -> (memory: DeviceMemory, failures: FailureRecord) {
    let failures = FailureRecord { "error \($0)" }
    return (DeviceMemory(failures, card), failures)
  }

  /// Any order of taking and giving: blocks are aligned, long enough, and apart from each other.
  @Test(arguments: [true, false], [1, 2, 3])
  func blocksAreApart(isOneRange: Bool, seed: Int) {
    let (memory, failures) = memory(Card(capacity: 1 << 30, isOneRange: isOneRange))
    var random = RandomStream(seed: UInt64(seed), "blocks")
    var blocks: [(start: UInt64, byteCount: Int)] = []
    var live = 0
    for _ in 0..<4000 {
      if blocks.count < 200, random.integer(below: 5) < 3 {
        let byteCount = 1 + random.integer(below: 1 << (1 + random.integer(below: 23)))
        let start = memory.take(byteCount)
        #expect(start != 0 && start % UInt64(DeviceMemory.alignment) == 0)
        for other in blocks {
          #expect(start + UInt64(byteCount) <= other.start || other.start + UInt64(other.byteCount) <= start)
        }
        blocks.append((start, byteCount))
        live += DeviceMemory.roundedUp(byteCount)
      } else if !blocks.isEmpty {
        let block = blocks.remove(at: random.integer(below: blocks.count))
        memory.give(block.start, block.byteCount)
        live -= DeviceMemory.roundedUp(block.byteCount)
      }
      #expect(memory.liveByteCount == live && memory.reservedByteCount >= live && memory.peakLiveByteCount >= live)
    }
    #expect(!failures.hasFailed)
  }

  @Test func roundsUpByAnEighthAtMost() {
    for byteCount in [1, 255, 256, 257, 2048, 2049, 5000, 65_537, 1 << 20] {
      let size = DeviceMemory.roundedUp(byteCount)
      #expect(size >= byteCount && size % DeviceMemory.alignment == 0)
      #expect(size <= max(DeviceMemory.alignment, byteCount + max(byteCount / 8, DeviceMemory.alignment)))
      #expect(DeviceMemory.roundedUp(size) == size)
      #expect(DeviceMemory.greatestSize(within: size) == size)
    }
    #expect(DeviceMemory.roundedUp((1 << 20) + 1) == (1 << 20) + DeviceMemory.largeStep)
  }

  /// A step that asks for the same sizes again takes no more memory.
  @Test func secondStepNeedsNoMore() {
    let card = Card(capacity: 1 << 30)
    let (memory, _) = memory(card)
    let sizes = [3 << 20, 40, 700_000, 9 << 20, 1 << 20, 256, (1 << 20) + 1]
    var reserved: [Int] = []
    for _ in 0..<3 {
      let blocks = sizes.map { memory.take($0) }
      for (block, size) in zip(blocks, sizes).reversed() { memory.give(block, size) }
      reserved.append(memory.reservedByteCount)
    }
    #expect(reserved[0] == reserved[2] && memory.liveByteCount == 0)
  }

  /// Neighbours grow together, also with memory that is new: a block as long as the card fits after small ones.
  @Test func freeBlocksGrowTogether() {
    let card = Card(capacity: 64 << 20)
    let (memory, failures) = memory(card)
    let blocks = (0..<4).map { _ in memory.take(2 << 20) }
    for block in [blocks[1], blocks[3], blocks[0], blocks[2]] { memory.give(block, 2 << 20) }
    let whole = memory.take(64 << 20)
    #expect(whole == blocks[0] && !failures.hasFailed && memory.reservedByteCount == 64 << 20)
  }

  @Test func smallBlocksComeFromSlabs() {
    let card = Card(capacity: 64 << 20)
    let (memory, _) = memory(card)
    let blocks = (0..<8000).map { _ in memory.take(300) }
    #expect(Set(blocks).count == 8000 && card.growths == 1)
    for block in blocks { memory.give(block, 300) }
    #expect((0..<8000).allSatisfy { _ in memory.take(300) != 0 } && card.growths == 1)
  }

  @Test func emptyBlocksAreNowhere() {
    let (memory, failures) = memory(Card(capacity: 0))
    #expect(memory.take(0) == 0 && !failures.hasFailed)
    memory.give(0, 0)
    #expect(memory.liveByteCount == 0)
  }

  @Test func outOfMemoryTellsWhatHelps() throws {
    let (memory, failures) = memory(Card(capacity: 64 << 20))
    let block = memory.take(48 << 20)
    #expect(memory.take(20 << 20) == 0)
    let fault = try #require(failures.fault)
    #expect(fault.code == .configuration && fault.what == "Out of GPU memory: 20.00 MiB asked for")
    let place = try #require(fault.place)
    #expect(place.contains("tensors have 48.00 MiB of the 48.00 MiB"))
    #expect(place.contains("GPU 0, a card, has 16.00 MiB free of 64.00 MiB"))
    let remedy = try #require(fault.remedy)
    for setting in ["compute.recompute", "compute.encoder_parts", "batch size"] { #expect(remedy.contains(setting)) }
    // Nothing more is given out, and what was is still taken back.
    #expect(memory.take(256) == 0)
    memory.give(block, 48 << 20)
    #expect(memory.liveByteCount == 0)
  }
}
