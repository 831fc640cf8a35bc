import CLinux
import Glibc
import Synchronization

/// Where the caller of a `ThreadTeam` posts the shares of a kernel and its threads find them.
///
/// Every thread has a word of its own: it waits for the word to become `work`, does its share, and lowers `remaining`,
/// for which the caller waits. A word says whether its thread sleeps, so that a thread that still watches is given its
/// share without a system call.
// @unchecked: `job` is written by the caller before the words, and read by a thread after its word.
final class ShareBoard: @unchecked Sendable {
  /// What a thread's word says.
  private enum Word {
    static let idle: UInt32 = 0
    static let work: UInt32 = 1
    static let asleep: UInt32 = 2
    static let closed: UInt32 = 3
  }

  private struct Job {
    let shares: Shares
    let body: (Range<Int>) -> Void
  }

  /// Set in `remaining` while the caller sleeps.
  private static let callerSleeps: UInt32 = 1 << 31
  /// A cache line a word, and one between: processors fetch pairs of lines.
  private static let wordStride = 32
  /// Long enough to reach from one kernel to the next, far shorter than a wait for data.
  private static let watchNanoseconds = 40_000

  private let words: UnsafeMutablePointer<Atomic<UInt32>>
  private let wordCount: Int
  private let watches: Bool
  private let isBusy = Atomic(false)
  private var job: UnsafePointer<Job>?

  init(threadCount: Int, watches: Bool) {
    wordCount = threadCount
    self.watches = watches
    words = .allocate(capacity: threadCount * ShareBoard.wordStride)
    for number in 0..<threadCount { word(number).initialize(to: Atomic(Word.idle)) }
  }

  deinit { words.deallocate() }

  /// Word 0 counts the shares that are not done yet, the others belong to the threads.
  private func word(_ number: Int) -> UnsafeMutablePointer<Atomic<UInt32>> {
    words + number * ShareBoard.wordStride
  }

  private var remaining: UnsafeMutablePointer<Atomic<UInt32>> { words }

  /// Does all shares; false, and nothing, while others are being done.
  func run(_ shares: Shares, _ body: @escaping (Range<Int>) -> Void) -> Bool {
    guard !isBusy.exchange(true, ordering: .acquiring) else { return false }
    defer { isBusy.store(false, ordering: .releasing) }
    withUnsafePointer(to: Job(shares: shares, body: body)) { job in
      self.job = job
      remaining.pointee.store(UInt32(shares.shareCount - 1), ordering: .relaxed)
      for number in 1..<shares.shareCount { post(Word.work, to: number) }
      body(shares[0])
      waitForOthers()
      self.job = nil
    }
    return true
  }

  /// Ends the threads; nothing is under way.
  func close() {
    for number in 1..<max(1, wordCount) { post(Word.closed, to: number) }
  }

  /// The life of thread `number`.
  func serve(_ number: Int) {
    while waitForWork(number) {
      perform(number)
      let before = remaining.pointee.subtract(1, ordering: .acquiringAndReleasing).oldValue
      if before == ShareBoard.callerSleeps | 1 { sgmn_futex_wake(address(of: remaining)) }
    }
  }

  /// A function of its own, at whose end nothing is held of the body, which lives no longer than the call of `run`.
  @inline(never) private func perform(_ number: Int) {
    let job = job!
    job.pointee.body(job.pointee.shares[number])
  }

  private func post(_ value: UInt32, to number: Int) {
    let word = word(number)
    if word.pointee.exchange(value, ordering: .acquiringAndReleasing) == Word.asleep {
      sgmn_futex_wake(address(of: word))
    }
  }

  /// False where the team ends.
  private func waitForWork(_ number: Int) -> Bool {
    let word = word(number)
    watch { word.pointee.load(ordering: .relaxed) != Word.idle }
    var (_, value) = word.pointee.compareExchange(
      expected: Word.idle, desired: Word.asleep, ordering: .acquiringAndReleasing)
    if value == Word.idle { value = Word.asleep }
    while value == Word.asleep {
      sgmn_futex_wait(address(of: word), Word.asleep)
      value = word.pointee.load(ordering: .acquiring)
    }
    guard value == Word.work else { return false }
    // The caller posts again only after this share is done.
    word.pointee.store(Word.idle, ordering: .relaxed)
    return true
  }

  private func waitForOthers() {
    watch { remaining.pointee.load(ordering: .relaxed) == 0 }
    var value = remaining.pointee.load(ordering: .acquiring)
    while value & ~ShareBoard.callerSleeps != 0 {
      if value & ShareBoard.callerSleeps == 0 {
        let asleep = value | ShareBoard.callerSleeps
        let (exchanged, original) = remaining.pointee.compareExchange(
          expected: value, desired: asleep, ordering: .acquiringAndReleasing)
        value = exchanged ? asleep : original
      } else {
        sgmn_futex_wait(address(of: remaining), value)
        value = remaining.pointee.load(ordering: .acquiring)
      }
    }
  }

  /// Returns when `isOver`, or after a while.
  @inline(__always) private func watch(_ isOver: () -> Bool) {
    guard watches else { return }
    let begin = nanoseconds()
    while nanoseconds() - begin < ShareBoard.watchNanoseconds {
      for _ in 0..<16 {
        if isOver() { return }
        sgmn_pause()
      }
    }
  }

  private func nanoseconds() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }

  /// An `Atomic` is its number and nothing else.
  private func address(of word: UnsafeMutablePointer<Atomic<UInt32>>) -> UnsafeMutablePointer<UInt32> {
    UnsafeMutableRawPointer(word).assumingMemoryBound(to: UInt32.self)
  }
}
