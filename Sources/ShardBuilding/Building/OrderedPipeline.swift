import Glibc
import Threads

/// Work on many threads whose results come back in the order of the items.
///
/// The calling thread draws items and takes results; only the work runs on the others. At most `window` items are under
/// way, so memory stays bounded whatever the number of items.
final class OrderedPipeline<Item: Sendable, Output: Sendable>: @unchecked Sendable {
  /// What one thread does with item after item; made on that thread, and released on it.
  typealias Work = (Item) -> Output

  private let makeWork: @Sendable () -> Work
  private let window: Int
  private var threads: [WorkerThread] = []

  // All below is guarded by `lock`.
  private let lock: UnsafeMutablePointer<pthread_mutex_t>
  private let changed: UnsafeMutablePointer<pthread_cond_t>
  private var waiting: [(position: Int, item: Item)] = []
  private var finished: [Int: Output] = [:]
  private var closed = false

  private init(threadCount: Int, makeWork: @escaping @Sendable () -> Work) {
    self.makeWork = makeWork
    window = 4 * threadCount
    lock = .allocate(capacity: 1)
    changed = .allocate(capacity: 1)
    pthread_mutex_init(lock, nil)
    pthread_cond_init(changed, nil)
  }

  private func start(threadCount: Int) {
    for _ in 0..<threadCount {
      guard let thread = WorkerThread({ self.runWorker() }) else { break }
      threads.append(thread)
    }
    precondition(!threads.isEmpty, "the system gave not one thread")
  }

  deinit {
    pthread_mutex_destroy(lock)
    pthread_cond_destroy(changed)
    lock.deallocate()
    changed.deallocate()
  }

  /// Calls `consume(work(item))` for each item that `next` gives, in that order, until `next` gives nil.
  ///
  /// What `next` or `consume` throws ends the run at once; work under way is finished and dropped.
  static func run(
    threadCount: Int, next: () throws -> Item?, work: @escaping @Sendable (Item) -> Output,
    consume: (Output) throws -> Void
  ) throws {
    try run(threadCount: threadCount, next: next, makeWork: { { work($0) } }, consume: consume)
  }

  /// As above, with work that each thread makes for itself, along with the tools that it needs.
  static func run(
    threadCount: Int, next: () throws -> Item?, makeWork: @escaping @Sendable () -> Work,
    consume: (Output) throws -> Void
  ) throws {
    precondition(threadCount > 0, "\(threadCount) threads")
    let pipeline = OrderedPipeline(threadCount: threadCount, makeWork: makeWork)
    defer { pipeline.close() }
    pipeline.start(threadCount: threadCount)
    var (started, taken, exhausted) = (0, 0, false)
    while true {
      while !exhausted, started - taken < pipeline.window {
        if let item = try next() {
          pipeline.submit(item, at: started)
          started += 1
        } else {
          exhausted = true
        }
      }
      if taken == started { return }
      try consume(pipeline.result(at: taken))
      taken += 1
    }
  }

  private func submit(_ item: Item, at position: Int) {
    pthread_mutex_lock(lock)
    waiting.append((position, item))
    pthread_cond_broadcast(changed)
    pthread_mutex_unlock(lock)
  }

  private func result(at position: Int) -> Output {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    while true {
      if let output = finished.removeValue(forKey: position) { return output }
      pthread_cond_wait(changed, lock)
    }
  }

  private func close() {
    pthread_mutex_lock(lock)
    closed = true
    waiting = []
    pthread_cond_broadcast(changed)
    pthread_mutex_unlock(lock)
    for thread in threads { thread.join() }
  }

  private func runWorker() {
    let work = makeWork()
    pthread_mutex_lock(lock)
    while true {
      if closed { break }
      guard !waiting.isEmpty else {
        pthread_cond_wait(changed, lock)
        continue
      }
      let (position, item) = waiting.removeFirst()
      pthread_mutex_unlock(lock)
      let output = work(item)
      pthread_mutex_lock(lock)
      finished[position] = output
      pthread_cond_broadcast(changed)
    }
    pthread_mutex_unlock(lock)
  }
}
