import Randomness
import Testing

@testable import Collectives

@Suite struct RankPlacementTests {
  private typealias Share = RankPlacement.Share

  /// The CPUs of every rank where all may use the same.
  private func cpus(
    _ machine: ProcessorMap, ranks: Int, threads: Int, allowed: [Int]? = nil, quota: Int? = nil
  ) -> [[Int]?] {
    let share = Share(allowed: allowed ?? machine.cpus.map(\.number), threadCount: threads)
    let shares = Array(repeating: share, count: ranks)
    return (0..<ranks).map { RankPlacement(of: $0, among: shares, on: machine, quota: quota).cpus }
  }

  @Test func ranksShareTheCoresOfAMachine() {
    let machine = MadeUpMachine.server(packages: 1, coresPerPackage: 8, threadsPerCore: 1)
    #expect(cpus(machine, ranks: 2, threads: 4) == [[0, 1, 2, 3], [4, 5, 6, 7]])
    #expect(cpus(machine, ranks: 8, threads: 1) == (0..<8).map { [$0] })
    #expect(cpus(machine, ranks: 2, threads: 3) == [[0, 1, 2], [4, 5, 6]])
    #expect(cpus(machine, ranks: 3, threads: 2) == [[0, 1], [2, 3], [5, 6]])
  }

  @Test func everyCoreHasAThreadBeforeAnyHasTwo() {
    let server = MadeUpMachine.server(packages: 2, coresPerPackage: 4, threadsPerCore: 2)
    #expect(cpus(server, ranks: 2, threads: 4) == [[0, 1, 2, 3], [4, 5, 6, 7]])
    #expect(cpus(server, ranks: 2, threads: 8) == [[0, 1, 2, 3, 8, 9, 10, 11], [4, 5, 6, 7, 12, 13, 14, 15]])
    #expect(cpus(server, ranks: 1, threads: 8) == [Array(0..<8)])
    #expect(cpus(MadeUpMachine.pairs(cores: 2), ranks: 2, threads: 1) == [[0], [2]])
    #expect(cpus(MadeUpMachine.pairs(cores: 2), ranks: 2, threads: 2) == [[0, 1], [2, 3]])
    #expect(cpus(MadeUpMachine.pairs(cores: 2), ranks: 1, threads: 3) == [[0, 2, 1]])
  }

  @Test func aRankStaysOnOneNodeWhereItsRunHasRoom() {
    let machine = MadeUpMachine.server(packages: 2, coresPerPackage: 8, threadsPerCore: 1)
    // The second rank's run is cores 5 ..< 10: three of the first node and two of the second.
    #expect(cpus(machine, ranks: 3, threads: 3) == [[0, 1, 2], [5, 6, 7], [10, 11, 12]])
    let narrow = MadeUpMachine.server(packages: 4, coresPerPackage: 2, threadsPerCore: 1)
    #expect(cpus(narrow, ranks: 2, threads: 3) == [[0, 1, 2], [4, 5, 6]])
  }

  @Test func aBoundRankStaysWithinItsSet() {
    let machine = MadeUpMachine.server(packages: 2, coresPerPackage: 4, threadsPerCore: 2)
    let sockets = [[0, 1, 2, 3, 8, 9, 10, 11], [4, 5, 6, 7, 12, 13, 14, 15]]
    // Two ranks on each socket, as --map-by socket deals them out.
    let shares = (0..<4).map { Share(allowed: sockets[$0 % 2], threadCount: 2) }
    let placed = shares.indices.map { RankPlacement(of: $0, among: shares, on: machine) }
    #expect(placed.map(\.cpus) == [[0, 1], [4, 5], [2, 3], [6, 7]])
    #expect(placed.map(\.others) == [sockets[0], sockets[1], sockets[0], sockets[1]])
    // A core each: there is nothing to choose.
    let bound = [Share(allowed: [3], threadCount: 1), Share(allowed: [6], threadCount: 1)]
    #expect(bound.indices.map { RankPlacement(of: $0, among: bound, on: machine).cpus } == [[3], [6]])
  }

  @Test func aMachineThatDoesNotTellItsCPUsIsUnknown() {
    let silent = RankPlacement(of: 0, among: [Share(allowed: [], threadCount: 2)], on: nil)
    #expect(silent.obstacle == .unknownMachine && silent.cpus == nil && silent.threadCount == 2)
  }

  @Test func aContainersCPUsAreItsOwn() {
    let machine = MadeUpMachine.server(packages: 2, coresPerPackage: 32, threadsPerCore: 2)
    #expect(cpus(machine, ranks: 2, threads: 1, allowed: [5, 7, 9, 69, 71, 73]) == [[5], [7]])
    #expect(cpus(machine, ranks: 1, threads: 1, allowed: [40, 41, 42, 43]) == [[40]])
  }

  @Test func nothingIsPinnedWhere() {
    let machine = MadeUpMachine.server(packages: 1, coresPerPackage: 4, threadsPerCore: 1)
    func obstacle(
      _ shares: [Share], _ machine: ProcessorMap?, quota: Int? = nil, isWanted: Bool = true
    ) -> RankPlacement.Obstacle? {
      let placement = RankPlacement(of: 0, among: shares, on: machine, quota: quota, isWanted: isWanted)
      #expect((placement.cpus == nil) == (placement.obstacle != nil))
      return placement.obstacle
    }
    func all(_ count: Int, threads: Int) -> [Share] {
      Array(repeating: Share(allowed: [0, 1, 2, 3], threadCount: threads), count: count)
    }
    #expect(obstacle(all(4, threads: 1), machine) == nil)
    #expect(obstacle(all(4, threads: 1), machine, isWanted: false) == .notWanted)
    #expect(obstacle(all(4, threads: 1), nil) == .unknownMachine)
    #expect(obstacle(all(3, threads: 2), machine) == .tooManyThreads(6, cpuCount: 4))
    #expect(obstacle(all(2, threads: 1), machine, quota: 2) == .quota(2))
    #expect(obstacle(all(2, threads: 1), machine) == .roomForOthers)
    let overlapping = [Share(allowed: [0, 1], threadCount: 1), Share(allowed: [1, 2], threadCount: 1)]
    #expect(obstacle(overlapping, machine) == .overlappingSets)
    #expect(obstacle([Share(allowed: [2, 3, 4], threadCount: 2)], machine) == .unknownMachine)
  }

  @Test func threadsWatchOnlyWhereEachHasACPU() {
    let machine = MadeUpMachine.server(packages: 1, coresPerPackage: 4, threadsPerCore: 1)
    func watches(_ ranks: Int, _ threads: Int, quota: Int? = nil) -> Bool {
      let shares = Array(repeating: Share(allowed: [0, 1, 2, 3], threadCount: threads), count: ranks)
      return RankPlacement(of: 0, among: shares, on: machine, quota: quota, isWanted: false).watches
    }
    #expect(watches(2, 2) && watches(1, 1) && watches(2, 1, quota: 2))
    #expect(!watches(2, 3) && !watches(8, 1) && !watches(2, 2, quota: 3))
  }

  @Test func ranksNeverMeetOnACPUAndNeverLeaveTheirSet() {
    var random = RandomStream(seed: 1, "placement")
    func draw(_ range: ClosedRange<Int>) -> Int { range.lowerBound + Int(random.next() % UInt64(range.count)) }
    var pinnedCount = 0
    for _ in 0..<1000 {
      let packages = draw(1...3)
      let machine = MadeUpMachine.server(
        packages: packages, coresPerPackage: 2 * draw(1...5), threadsPerCore: draw(1...3), nodesPerPackage: draw(1...2))
      let keeps = draw(40...100)
      let allowed = machine.cpus.map(\.number).filter { _ in draw(1...100) <= keeps }
      guard !allowed.isEmpty else { continue }
      let shares = (0..<draw(1...6)).map { _ in Share(allowed: allowed, threadCount: draw(1...6)) }
      let placed = shares.indices.map { RankPlacement(of: $0, among: shares, on: machine) }
      let threads = shares.reduce(0) { $0 + $1.threadCount }
      #expect(Set(placed.map(\.obstacle)).count == 1)
      guard placed[0].obstacle == nil else { continue }
      pinnedCount += 1
      let chosen = placed.flatMap { $0.cpus ?? [] }
      #expect(chosen.count == threads && Set(chosen).count == threads && Set(chosen).isSubset(of: allowed))
      #expect(zip(placed, shares).allSatisfy { $0.cpus?.count == $1.threadCount })
      let cores = Set(machine.cpus.filter { chosen.contains($0.number) }.map(\.core))
      if threads <= machine.cores(of: allowed).count { #expect(cores.count == threads) }
    }
    #expect(pinnedCount > 300)
  }
}
