/// Where the threads of a rank run: a pure function of the machine, of the CPUs that each of its ranks may use, and of
/// the threads that each has.
public struct RankPlacement: Sendable, Equatable {
  public var threadCount: Int
  /// The CPU of each thread, that of the main thread first; nil where threads are left to the scheduler.
  public var cpus: [Int]?
  /// What the threads of the rank that read, send or receive may use: all that the rank was given.
  public var others: [Int]
  /// Whether a thread that waits for a kernel may watch for it: each has a CPU to itself.
  public var watches: Bool
  /// Why nothing is pinned.
  public var obstacle: Obstacle?

  public enum Obstacle: Sendable, Hashable {
    case notWanted
    case unknownMachine
    /// The ranks that share these CPUs have more threads than there are.
    case tooManyThreads(Int, cpuCount: Int)
    /// The container may use so many CPUs' time on any of the machine's, and so may others.
    case quota(Int)
    /// Most cores stay free, perhaps for another run, which would choose the same.
    case roomForOthers
    /// The launcher gave ranks sets of CPUs that overlap.
    case overlappingSets
  }

  /// What a rank says to the others of its machine.
  public struct Share: Sendable, Equatable {
    public var allowed: [Int]
    public var threadCount: Int

    public init(allowed: [Int], threadCount: Int) {
      self.allowed = allowed.sorted()
      self.threadCount = threadCount
    }
  }

  /// The placement of local rank `rank` among all ranks of the machine.
  ///
  /// Ranks that may use the same CPUs get equal runs of neighbouring cores; a rank's threads take one core each before
  /// any core is used twice, within one NUMA node where its run has room there.
  ///
  /// - Parameters:
  ///   - shares: of every rank of the machine, in the order of local ranks.
  ///   - quota: whole CPUs of the container's limit, nil where it has none.
  ///   - isWanted: false pins nothing.
  public init(of rank: Int, among shares: [Share], on machine: ProcessorMap?, quota: Int? = nil, isWanted: Bool = true)
  {
    let own = shares[rank]
    let peers = shares.indices.filter { shares[$0].allowed == own.allowed }
    let threads = peers.reduce(0) { $0 + shares[$1].threadCount }
    threadCount = own.threadCount
    others = own.allowed
    watches = threads <= own.allowed.count && shares.reduce(0) { $0 + $1.threadCount } <= quota ?? Int.max
    do throws(Stop) {
      guard isWanted else { throw Stop(.notWanted) }
      guard !own.allowed.isEmpty else { throw Stop(.unknownMachine) }
      guard threads <= own.allowed.count else { throw Stop(.tooManyThreads(threads, cpuCount: own.allowed.count)) }
      if let quota, quota < own.allowed.count { throw Stop(.quota(quota)) }
      guard let machine else { throw Stop(.unknownMachine) }
      let overlaps = shares.contains { $0.allowed != own.allowed && !Set($0.allowed).isDisjoint(with: own.allowed) }
      guard !overlaps else { throw Stop(.overlappingSets) }
      let cores = machine.cores(of: own.allowed)
      guard cores.reduce(0, { $0 + $1.count }) == own.allowed.count else { throw Stop(.unknownMachine) }
      let isWholeMachine = own.allowed.count == machine.cpus.count
      guard !isWholeMachine || 2 * threads > cores.count else { throw Stop(.roomForOthers) }
      let before = peers.filter { $0 < rank }.reduce(0) { $0 + shares[$1].threadCount }
      cpus = RankPlacement.choose(own.threadCount, before: before, of: threads, from: cores)
    } catch {
      obstacle = error.obstacle
    }
  }

  private struct Stop: Error {
    let obstacle: Obstacle
    init(_ obstacle: Obstacle) { self.obstacle = obstacle }
  }

  /// CPUs for `count` threads that `before` others of `total` come before; there are at least `total` of them.
  private static func choose(_ count: Int, before: Int, of total: Int, from cores: [[ProcessorMap.CPU]]) -> [Int] {
    func run<Element>(_ elements: [Element]) -> ArraySlice<Element> {
      elements[before * elements.count / total..<(before + count) * elements.count / total]
    }
    if total <= cores.count {
      let own = run(cores).map { $0[0] }
      let starts = 0...own.count - count
      let start = starts.first { own[$0].node == own[$0 + count - 1].node } ?? 0
      return own[start..<start + count].map(\.number)
    }
    // Cores must serve twice. Of the rank's run of hardware threads the first of each core come first.
    let own = run(cores.flatMap { $0 })
    var used: [Int: Int] = [:]
    let turns = own.map { cpu in
      defer { used[cpu.core, default: 0] += 1 }
      return (turn: used[cpu.core, default: 0], number: cpu.number)
    }
    let ordered = turns.enumerated().sorted { ($0.element.turn, $0.offset) < ($1.element.turn, $1.offset) }
    return ordered.prefix(count).map(\.element.number)
  }
}

extension RankPlacement: CustomStringConvertible {
  /// For the log.
  public var description: String {
    let threads = "\(threadCount) thread\(threadCount == 1 ? "" : "s") a rank"
    if let cpus { return "\(threads), pinned; rank 0 on CPU \(CPUList.text(cpus))" }
    return "\(threads), not pinned" + (obstacle.map { ": \($0)" } ?? "")
  }
}

extension RankPlacement.Obstacle: CustomStringConvertible {
  public var description: String {
    switch self {
    case .notWanted: "--pin off"
    case .unknownMachine: "the kernel does not say which CPUs are one core"
    case .tooManyThreads(let threads, let cpus): "\(threads) threads on \(cpus) CPU\(cpus == 1 ? "" : "s")"
    case .quota(let cpus): "the container is limited to the time of \(cpus) CPU(s), and not to certain CPUs"
    case .roomForOthers: "half of the cores or more stay free for other work"
    case .overlappingSets: "the launcher bound ranks to CPUs that overlap"
    }
  }
}
