import Testing

@testable import Collectives

@Suite struct CPUListTests {
  @Test(arguments: [
    ("0-3,8", [0, 1, 2, 3, 8]), ("5\n", [5]), ("", []), ("2,0-2,1", [0, 1, 2]), ("65535", [65535]),
  ]) func listsAreRead(text: String, numbers: [Int]) {
    #expect(CPUList.parse(text) == numbers)
  }

  @Test(arguments: ["-", "1-", "-1", "3-1", "1-2-3", "a", "70000", "0-99999999999999999999"])
  func nonsenseIsNotAList(text: String) {
    #expect(CPUList.parse(text) == nil)
  }

  @Test func listsAreWrittenAsTheKernelDoes() {
    #expect(CPUList.text([]) == "")
    #expect(CPUList.text([8, 0, 1, 3, 2, 1, 10, 11]) == "0-3,8,10-11")
  }
}
