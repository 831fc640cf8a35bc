@preconcurrency import Glibc
import Testing

@testable import Collectives

@Suite(.serialized) struct StopSignalsTests {
  @Test func aSignalIsRememberedAndTheFirstOneCounts() throws {
    // Test threads block signals: install() must open this one to them.
    try StopSignals.install()
    StopSignals.reset()
    #expect(!StopSignals.isRequested)
    raise(SIGUSR1)
    #expect(StopSignals.requested == .user)
    raise(SIGTERM)
    #expect(StopSignals.requested == .user)
    StopSignals.reset()
    raise(SIGTERM)
    #expect(StopSignals.requested?.name == "SIGTERM")
    StopSignals.reset()
    giveBack()
  }

  /// The launcher of this test is the process itself, for nobody else sends it signals.
  @Test func goingOnIsARequestFromTheLauncherAlone() throws {
    try StopSignals.install(launcher: nil)
    StopSignals.reset()
    raise(SIGCONT)
    #expect(!StopSignals.isRequested)
    try StopSignals.install(launcher: getppid())
    raise(SIGCONT)
    #expect(!StopSignals.isRequested)
    try StopSignals.install(launcher: getpid())
    raise(SIGCONT)
    #expect(StopSignals.requested?.name == "SIGCONT of mpirun")
    StopSignals.reset()
    giveBack()
  }

  @Test func aHangupCountsUnlessNohupHasItIgnored() throws {
    signal(SIGHUP, SIG_IGN)
    try StopSignals.install(launcher: nil)
    StopSignals.reset()
    raise(SIGHUP)
    #expect(!StopSignals.isRequested)
    signal(SIGHUP, SIG_DFL)
    try StopSignals.install(launcher: nil)
    raise(SIGHUP)
    #expect(StopSignals.requested == .hangup)
    StopSignals.reset()
    giveBack()
  }

  private func giveBack() {
    for number in [SIGTERM, SIGINT, SIGHUP, SIGCONT] { signal(number, SIG_DFL) }
  }
}
