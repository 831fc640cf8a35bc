import Faults
import Testing

@testable import DurableFiles

@Suite struct OpenFileLimitTests {
  @Test func aLimitThatLeavesEnoughIsFine() throws {
    try OpenFileLimit.require(spare: 8, open: 24, limit: 32)
    try OpenFileLimit.require(spare: 8)
  }

  @Test func aLowLimitIsNamed() {
    let fault = #expect(throws: Fault.self) { try OpenFileLimit.require(spare: 9, open: 24, limit: 32) }
    #expect(fault?.code == .inputOutput)
    #expect(fault?.what.contains("may have 32 open files") == true)
    #expect(fault?.remedy?.contains("ulimit -n") == true)
  }
}
