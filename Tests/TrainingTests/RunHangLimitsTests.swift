import Testing

@testable import Training

@Suite struct RunHangLimitsTests {
  @Test func aDiskHasNoMoreTimeThanAStep() {
    let configuration = RunConfiguration()
    #expect(configuration.hangLimits(readsStall: false).data == configuration.safety.hangSeconds)
    #expect(configuration.hangLimits(readsStall: true).data == 6 * configuration.safety.hangSeconds)
  }

  @Test func aRemoteSetHasTheTimeOfItsRequests() {
    var configuration = RunConfiguration()
    configuration.data.train = "https://host/set"
    for readsStall in [false, true] {
      let limits = configuration.hangLimits(readsStall: readsStall)
      #expect(limits.data > configuration.safety.longHangSeconds && limits.long == limits.data)
    }
  }
}
