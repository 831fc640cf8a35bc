import Faults
import Glibc
import Threads

/// A thread that sends the buckets that may go, while another computes the next.
final class SendingThread {
  private let turns: Turns
  private let thread: WorkerThread

  /// Throws where the system gives no thread.
  init(_ carrier: any GradientCarrier) throws {
    let turns = Turns()
    guard let thread = WorkerThread({ turns.serve(carrier) }) else {
      throw Fault(
        .remoteUnavailable, "The system gives no thread for the communication",
        remedy: "Raise the limit of processes, or use --overlap off")
    }
    self.turns = turns
    self.thread = thread
  }

  /// A thread that is inside a call of lost ranks would not come back: the end of the process ends it.
  deinit { turns.stop() }

  /// Nothing may go yet.
  func begin() { turns.begin() }

  /// The first `count` buckets may go; never less than before.
  func allow(_ count: Int) { turns.allow(count) }

  /// Returns when the first `count` buckets have been carried; throws what went wrong with one of them.
  func wait(_ count: Int) throws { try turns.wait(count) }

  /// Ends the thread, after `wait`.
  func join() {
    turns.stop()
    thread.join()
  }
}

/// How far the buckets of a step may go, and how far they are.
// @unchecked: every field is read and written under the mutex.
private final class Turns: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var allowedCount = 0
  private var arrivedCount = 0
  private var fault: (any Error)?
  private var isStopped = false

  init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(changed, nil)
  }

  deinit {
    pthread_cond_destroy(changed)
    pthread_mutex_destroy(mutex)
    changed.deallocate()
    mutex.deallocate()
  }

  private func locked<Result>(_ body: () throws -> Result) rethrows -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body()
  }

  private func change(_ body: () -> Void) {
    locked {
      body()
      pthread_cond_broadcast(changed)
    }
  }

  func begin() { change { (allowedCount, arrivedCount) = (0, 0) } }

  func allow(_ count: Int) { change { allowedCount = max(allowedCount, count) } }

  func stop() { change { isStopped = true } }

  func wait(_ count: Int) throws {
    try locked {
      while arrivedCount < count, fault == nil { pthread_cond_wait(changed, mutex) }
      if let fault { throw fault }
    }
  }

  /// The body of the thread.
  func serve(_ carrier: any GradientCarrier) {
    carrier.enterThread()
    while let turn = next() {
      do {
        try carrier.carry(turn.place, allowedCount: turn.allowedCount)
        change { arrivedCount += 1 }
      } catch {
        return change { fault = error }
      }
    }
  }

  private func next() -> (place: Int, allowedCount: Int)? {
    locked {
      while arrivedCount == allowedCount, !isStopped { pthread_cond_wait(changed, mutex) }
      return isStopped ? nil : (arrivedCount, allowedCount)
    }
  }
}
