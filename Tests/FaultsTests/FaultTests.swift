import Faults
import Glibc
import Testing

@Suite struct FaultTests {
  @Test func descriptionNamesWhatWhereAndRemedy() {
    let fault = Fault(.badData, "Checksum differs", at: "a.shard: byte 16", remedy: "Copy the file again")
    #expect(fault.description == "Checksum differs (a.shard: byte 16). Copy the file again.")
    #expect(Fault(.usage, "No rank").description == "No rank.")
  }

  @Test func systemErrorsGetTheCodeOfTheirCause() {
    #expect(Fault.system("open", path: "x", errno: ENOENT).code == .inputMissing)
    #expect(Fault.system("open", path: "x", errno: EACCES).code == .permission)
    #expect(Fault.system("write", path: "x", errno: ENOSPC).code == .inputOutput)
    #expect(Fault.system("read", path: "x", errno: EIO).description.contains("x: read"))
  }

  @Test func everyCodePassesMPIAbortUnchanged() {
    for code in ExitCode.allCases where code != .done { #expect((1...125).contains(code.rawValue)) }
  }
}
