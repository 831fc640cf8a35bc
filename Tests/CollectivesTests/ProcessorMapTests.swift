import Testing

@testable import Collectives

@Suite struct ProcessorMapTests {
  @Test func theKernelsFilesAreRead() throws {
    let machine = MadeUpMachine.server(packages: 2, coresPerPackage: 4, threadsPerCore: 2, nodesPerPackage: 2)
    let files = MadeUpMachine.files(machine)
    #expect(ProcessorMap { files[$0] } == machine)
  }

  @Test func cpusThatAreOfflineAreNotThere() throws {
    let machine = MadeUpMachine.server(packages: 1, coresPerPackage: 4, threadsPerCore: 2)
    let files = MadeUpMachine.files(machine, offline: [0, 5])
    let map = try #require(ProcessorMap { files[$0] })
    #expect(map.cpus.map(\.number) == [1, 2, 3, 4, 6, 7])
    // CPU 4 has lost its sibling 0 and stands for its core.
    #expect(map.cores(of: Array(0..<8)).map { $0.map(\.number) } == [[1], [2, 6], [3, 7], [4]])
  }

  @Test func whatAContainerHidesIsTakenForThePlainest() throws {
    let machine = MadeUpMachine.server(packages: 2, coresPerPackage: 2, threadsPerCore: 2)
    let files = MadeUpMachine.files(machine, topologyIsHidden: true)
    let map = try #require(ProcessorMap { $0.hasPrefix("node/") ? nil : files[$0] })
    #expect(map.cores(of: [1, 3, 9]).map { $0.map(\.number) } == [[1], [3]])
    #expect(ProcessorMap { _ in nil } == nil)
    #expect(ProcessorMap { _ in "nonsense" } == nil)
  }

  @Test func neighboursFollowEachOther() {
    let machine = MadeUpMachine.server(packages: 2, coresPerPackage: 2, threadsPerCore: 2)
    #expect(machine.cores(of: [7, 6, 5, 3, 0]).map { $0.map(\.number) } == [[0], [5], [6], [3, 7]])
  }

  @Test func thisMachineIsKnown() throws {
    let map = try #require(ProcessorMap.current())
    #expect(!map.cpus.isEmpty)
  }
}
