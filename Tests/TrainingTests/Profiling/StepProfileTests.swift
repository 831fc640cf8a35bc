import Glibc
import TensorCore
import Testing

@testable import Training

@Suite struct StepProfileTests {
  private func spin() {
    let end = ProfileClock.nanoseconds() + 1_000_000
    while ProfileClock.nanoseconds() < end {}
  }

  @Test func phasesAndTheRestAddUpToTheStepEvenWhereOneIsInsideAnother() {
    let profile = StepProfile(KernelProfile(), skippedStepCount: 0)
    profile.beginStep(0)
    spin()
    profile.during(.forward) { spin() }
    profile.during(.backward) {
      spin()
      profile.during(.forward) { spin() }
      profile.during(.communication) { spin() }
      spin()
    }
    profile.endStep()
    let summary = ProfileSummary(profile, rank: 3)
    let phases = StepPhase.allCases.reduce(0) { $0 + summary.seconds(of: $1) }
    #expect(abs(phases + summary.otherSeconds - summary.stepSeconds) < 1e-9)
    #expect(summary.otherSeconds >= 0.001)
    for (phase, least) in [(StepPhase.forward, 0.002), (.backward, 0.002), (.communication, 0.001)] {
      #expect(summary.seconds(of: phase) >= least)
    }
    // The inner parts are not the backward pass's.
    let whole = profile.spans.first { $0.phase == .backward }.map { Double($0.duration) * 1e-9 } ?? 0
    #expect(summary.seconds(of: .backward) <= whole - 0.002 + 1e-9)
  }

  @Test func theFirstStepsAndThoseBeyondTheLimitAreNotRecorded() {
    let kernels = KernelProfile()
    let profile = StepProfile(kernels, skippedStepCount: 2, stepLimit: 3)
    #expect(!kernels.isRecording)
    for step in 10..<20 {
      profile.beginStep(step)
      #expect(kernels.isRecording == (12...14).contains(step))
      profile.during(.forward) {}
      profile.endStep()
    }
    #expect(profile.stepCount == 3 && profile.isComplete)
    #expect(profile.spans.filter { $0.phase == nil }.map(\.step) == [12, 13, 14])
    #expect(profile.spans.count == 6)
  }

  @Test func aStepThatWasLeftIsNotCounted() {
    let profile = StepProfile(KernelProfile(), skippedStepCount: 0)
    profile.beginStep(0)
    profile.abandonStep()
    profile.endStep()
    #expect(profile.stepCount == 0 && profile.spans.isEmpty)
    #expect(ProfileTable(ranks: [ProfileSummary(profile, rank: 0)]).text.contains("no step"))
  }
}
