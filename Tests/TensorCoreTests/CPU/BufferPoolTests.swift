import Testing

@testable import TensorCore

@Suite struct BufferPoolTests {
  @Test func roundingLosesAnEighthAtMost() {
    var last = 0
    for byteCount in Array(0...5000) + stride(from: 5000, to: 5_000_000, by: 997) {
      let size = BufferPool.roundedUp(byteCount)
      #expect(size >= byteCount && size % 64 == 0 && size >= last)
      #expect(size == 256 || Double(size) <= Double(byteCount) * 1.125 + 64)
      #expect(BufferPool.roundedUp(size) == size)  // or memory would go back under another size than it came from
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
    let large = pool.take(140_000)
    pool.give(large)
    let reused = pool.take(100_000)
    #expect(reused.baseAddress == large.baseAddress && reused.count == large.count)
    pool.give(reused)
    #expect(pool.take(50_000).baseAddress != large.baseAddress)  // more than half as much again would be waste
    #expect(pool.take(140_000).baseAddress == large.baseAddress)
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
