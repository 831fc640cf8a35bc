import Glibc
import Synchronization
import Testing
import Threads

@testable import Supervision

@Suite struct RankProgressTests {
  @Test func aRankBeginsAtTheStart() {
    let snapshot = RankProgress().snapshot
    #expect(snapshot.phase == .starting && snapshot.step == 0 && snapshot.samples.isEmpty)
  }

  @Test func everyPhaseAndEveryPartOfItIsASignOfLife() {
    let progress = RankProgress()
    progress.enter(.forward, step: 4)
    progress.note(samples: ["a", "b"])
    let first = progress.snapshot
    #expect(first.phase == .forward && first.step == 4 && first.samples == ["a", "b"])
    progress.tick(.forward)
    #expect(progress.snapshot.ticks == first.ticks + 1)
    #expect(progress.snapshot.since >= first.since)
    progress.enter(.forward, step: 4)
    #expect(progress.snapshot.ticks == first.ticks + 2)
  }

  @Test func aPartOfAnotherPhaseSaysNothing() {
    let progress = RankProgress()
    progress.enter(.exchange, step: 1)
    let before = progress.snapshot
    progress.tick(.checkpoint)
    #expect(progress.snapshot == before)
  }

  @Test func phasesThatAreOverAreTimedOnce() {
    let progress = RankProgress()
    progress.enter(.forward, step: 1)
    usleep(2_000)
    progress.enter(.exchange, step: 1)
    usleep(2_000)
    let seconds = progress.takeSeconds(in: [.forward, .exchange, .update])
    #expect(seconds[0].own + seconds[0].delayed >= 0.002)
    #expect(seconds[1] == RankProgress.PhaseSeconds())  // not over yet
    #expect(seconds[2] == RankProgress.PhaseSeconds())
    #expect(progress.takeSeconds(in: [.forward]) == [RankProgress.PhaseSeconds()])
    progress.enter(.forward, step: 2)
    #expect(progress.takeSeconds(in: [.exchange])[0].own > 0)
  }

  @Test func aSleepIsOwnTime() {
    let progress = RankProgress()
    progress.enter(.forward, step: 1)
    usleep(50_000)
    progress.enter(.backward, step: 1)
    #expect(progress.takeSeconds(in: [.forward])[0].own >= 0.04)  // the wake-up may have been a wait for a processor
  }

  /// Two threads that compute on one processor: each has about half of it.
  @Test func aWaitForAProcessorIsNoOwnTime() throws {
    let cpu = try #require(ThreadAffinity.ofThisThread?.first)
    let isOver = Atomic(false)
    let delayed = Mutex(0.0)
    let other = WorkerThread(on: [cpu]) { while !isOver.load(ordering: .relaxed) {} }
    let measured = WorkerThread(on: [cpu]) {
      let progress = RankProgress()
      for step in 0..<10_000 where delayed.withLock({ $0 }) == 0 {
        progress.enter(.forward, step: step)
        let start = monotonicNanoseconds()
        while monotonicNanoseconds() - start < 20_000_000 {}
        progress.enter(.backward, step: step)
        let seconds = progress.takeSeconds(in: [.forward])[0]
        if seconds.own > 0 { delayed.withLock { $0 = seconds.delayed } }
      }
    }
    measured?.join()
    isOver.store(true, ordering: .relaxed)
    other?.join()
    #expect(delayed.withLock { $0 } > 0)
  }

  @Test func aSnapshotIsOfOneMoment() async {
    let progress = RankProgress()
    progress.enter(.orders, step: 0)
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        for step in 1...20_000 { progress.enter(step % 2 == 0 ? .orders : .update, step: step) }
      }
      group.addTask {
        for _ in 0..<20_000 {
          let snapshot = progress.snapshot
          #expect((snapshot.phase == .orders) == (snapshot.step % 2 == 0))
        }
      }
    }
  }

  @Test func processesOfTheMachineReadThePosition() {
    let progress = RankProgress()
    progress.enter(.backward, step: 123_456)
    progress.note(samples: ["clip-1", "clip-2"])
    let place = progress.visiblePosition.place
    let expected = VisiblePosition.Reading(phase: .backward, step: 123_456, samples: ["clip-1", "clip-2"])
    #expect(place.read(process: getpid()) == expected)
    progress.enter(.update, step: 0)
    progress.note(samples: [])
    #expect(place.read(process: getpid()) == VisiblePosition.Reading(phase: .update, step: 0, samples: []))
  }

  @Test func whatIsNotAPositionIsNotRead() {
    let progress = RankProgress()
    var place = progress.visiblePosition.place
    place.mark ^= 1
    #expect(place.read(process: getpid()) == nil)
    place = VisiblePosition.Place(address: 8, mark: place.mark)
    #expect(place.read(process: getpid()) == nil)
  }

  @Test func longLinesOfSamplesAreCut() throws {
    let progress = RankProgress()
    let samples = (0..<400).map { "sample-\($0)" }
    progress.note(samples: samples)
    let reading = try #require(progress.visiblePosition.place.read(process: getpid()))
    #expect(reading.samples.count > 50)
    #expect(reading.samples.dropLast() == samples.prefix(reading.samples.count - 1))
  }
}
