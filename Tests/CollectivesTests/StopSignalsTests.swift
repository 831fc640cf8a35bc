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
    signal(SIGTERM, SIG_DFL)
    signal(SIGINT, SIG_DFL)
  }
}
