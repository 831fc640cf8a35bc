import Randomness
import Testing

@testable import TensorCore

@Suite struct BufferPoolTests {
  @Test func roundingLosesAnEighthAtMost() {
    var last = 0
    for byteCount in Array(0...5000) + stride(from: 5000, to: 5_000_000, by: 997) {
      let size = BufferPool.roundedUp(byteCount)
      #expect(size >= byteCount && size % 64 == 0 && size >= last)
      #expect(size == 256 || Double(size) <= Double(byteCount) * 1.125 + 64)
      last = size
    }
  }

  @Test func memoryIsGivenOutAgain() {
    let pool = BufferPool()
    let first = pool.take(1000)
    let second = pool.take(1000)
    #expect(first.baseAddress != second.baseAddress && UInt(bitPattern: first.baseAddress) % 64 == 0)
    pool.give(first)
    #expect(pool.take(1010).baseAddress == first.baseAddress)
    let reserved = pool.reservedByteCount
    pool.give(first)
    pool.give(second)
    #expect(pool.reservedByteCount == reserved)
  }

  @Test func aLargerBlockServesAndKeepsItsSize() {
    let pool = BufferPool()
    let large = pool.take(14_000)
    pool.give(large)
    let reused = pool.take(10_000)
    #expect(reused.baseAddress == large.baseAddress && reused.count == large.count)
    pool.give(reused)
    let small = pool.take(5_000)
    #expect(small.baseAddress != large.baseAddress)  // more than half as much again would be waste
    #expect(pool.take(14_000).baseAddress == large.baseAddress)
    for block in [small, large] { pool.give(block) }
  }

  @Test func theLiveBytesAreKnown() {
    let pool = BufferPool()
    let blocks = [100, 70_000, 3_000_000].map { pool.take($0) }
    let all = blocks.reduce(0) { $0 + $1.count }
    #expect(pool.liveByteCount == all && pool.peakLiveByteCount == all)
    pool.give(blocks[2])
    #expect(pool.liveByteCount == all - blocks[2].count && pool.peakLiveByteCount == all)
    for block in blocks[..<2] { pool.give(block) }
  }

  /// Blocks of any size, in any order: each keeps what is written at its ends until it is given back.
  @Test(arguments: [20_000, 600_000, 9_000_000]) func blocksNeverOverlap(greatest: UInt64) {
    let pool = BufferPool()
    var random = RandomStream(seed: greatest, "blocks")
    var live: [(block: UnsafeMutableRawBufferPointer, mark: UInt64)] = []
    func check(_ entry: (block: UnsafeMutableRawBufferPointer, mark: UInt64)) {
      let last = entry.block.count - 8
      #expect(entry.block.load(as: UInt64.self) == entry.mark)
      #expect(entry.block.load(fromByteOffset: last, as: UInt64.self) == entry.mark)
    }
    for mark in 0..<3000 as Range<UInt64> {
      if live.count > 40 || (!live.isEmpty && random.next() % 100 < 45) {
        let entry = live.remove(at: Int(random.next() % UInt64(live.count)))
        check(entry)
        pool.give(entry.block)
      } else {
        let byteCount = Int(random.next() % greatest)
        let block = pool.take(byteCount)
        #expect(block.count >= max(byteCount, 16) && UInt(bitPattern: block.baseAddress) % 64 == 0)
        block.storeBytes(of: mark, as: UInt64.self)
        block.storeBytes(of: mark, toByteOffset: block.count - 8, as: UInt64.self)
        live.append((block, mark))
      }
    }
    for entry in live { check(entry) }
    #expect(pool.liveByteCount == live.reduce(0) { $0 + $1.block.count })
    let spans = live.map { (UInt(bitPattern: $0.block.baseAddress), $0.block.count) }.sorted { $0.0 < $1.0 }
    #expect(zip(spans, spans.dropFirst()).allSatisfy { $0.0 + UInt($0.1) <= $1.0 })
    for entry in live { pool.give(entry.block) }
  }

  /// Steps that keep activations of as many pictures as their batch has, and free them in reverse.
  @Test func batchesOfVaryingLengthReserveLittleMoreThanTheLongest() {
    let pool = BufferPool()
    var random = RandomStream(seed: 1, "pictures")
    var reserved = 0
    for step in 0..<60 {
      let rows = step == 0 ? 2200 : 1000 + Int(random.next() % 1201)
      var kept: [UnsafeMutableRawBufferPointer] = []
      for _ in 0..<12 {
        kept.append(pool.take(rows * 768 * 4))
        let normed = pool.take(rows * 768 * 2)
        kept.append(pool.take(rows * 2304 * 2))
        kept.append(pool.take(rows * 3072 * 2))
        pool.give(normed)
        let update = pool.take(rows * 768 * 2)
        kept.append(pool.take(rows * 8))
        pool.give(update)
      }
      for block in kept.reversed() {
        let gradient = pool.take(block.count)
        pool.give(block)
        pool.give(gradient)
      }
      #expect(pool.liveByteCount == 0)
      #expect(Double(pool.reservedByteCount) <= 1.15 * Double(pool.peakLiveByteCount))
      if step == 0 { reserved = pool.reservedByteCount }
      #expect(Double(pool.reservedByteCount) <= 1.15 * Double(reserved))
    }
  }

  /// Free memory in pieces too short to serve goes back to the system.
  @Test func piecesDoNotAddUp() {
    let pool = BufferPool()
    let pieces = (0..<40).map { _ in pool.take(3 << 20) }
    for piece in pieces {
      UnsafeMutableRawBufferPointer(rebasing: piece[..<4096]).initializeMemory(as: UInt8.self, repeating: 1)
    }
    for (number, piece) in pieces.enumerated() where number % 2 == 0 { pool.give(piece) }
    let long = pool.take(60 << 20)
    #expect(Double(pool.reservedByteCount) <= 1.125 * Double(pool.peakLiveByteCount) + 8e6)
    // What was given back and is given out again can be written.
    pool.give(long)
    let again = (0..<20).map { _ in pool.take(3 << 20) }
    for block in again { block.storeBytes(of: 7, as: UInt64.self) }
    #expect(again.allSatisfy { $0.load(as: UInt64.self) == 7 })
    for block in again { pool.give(block) }
    for (number, piece) in pieces.enumerated() where number % 2 == 1 { pool.give(piece) }
  }

  @Test func tensorsReturnTheirMemory() {
    let worker = CPUBackend()
    for _ in 0..<50 { _ = Tensor.zeros([1000], backend: worker) + 1 }
    #expect(worker.reservedByteCount <= 2 * BufferPool.roundedUp(4000))
  }

  /// A step of training takes the same memory every time, backward pass included.
  @Test func aRepeatedStepReservesNothingNew() {
    let worker = CPUBackend()
    let weight = Tensor.zeros([33, 17], backend: worker)
    weight.collectGradient(in: .zeros([33, 17], backend: worker))
    let x = Tensor.zeros([5, 17], backend: worker)
    let step = { x.linear(weight).gelu().softmax().sum().backward() }
    step()
    let reserved = worker.reservedByteCount
    for _ in 0..<5 { step() }
    #expect(worker.reservedByteCount == reserved)
  }

  @Test func manyThreadsShareAPool() async {
    let worker = CPUBackend()
    await withTaskGroup(of: Bool.self) { group in
      for task in 0..<8 {
        group.addTask {
          (0..<200).allSatisfy { i in
            let x = Tensor([Double](repeating: Double(task), count: 64 + i), shape: [64 + i], backend: worker)
            return (x + 1).doubles().allSatisfy { $0 == Double(task + 1) }
          }
        }
      }
      for await isRight in group { #expect(isRight) }
    }
  }
}
