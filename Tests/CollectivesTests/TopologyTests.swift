import Testing

@testable import Collectives

@Suite struct TopologyTests {
  @Test(arguments: [
    // usable, machine, local ranks -> threads
    (8, 8, 1, 8), (8, 8, 2, 4), (8, 8, 3, 2), (2, 2, 8, 1),  // not bound: a share of the machine
    (1, 8, 2, 1),  // bound to a core
    (8, 16, 4, 4),  // bound to a socket that two ranks share
  ]) func threadsPerRank(usable: Int, machine: Int, ranks: Int, threads: Int) {
    let topology = Topology(usableCPUCount: usable, machineCPUCount: machine)
    #expect(topology.threadCount(localRankCount: ranks) == threads)
  }

  @Test func containerLimitsRoundUp() {
    #expect(Topology.cpuQuota("max 100000\n") == nil)
    #expect(Topology.cpuQuota("200000 100000\n") == 2)
    #expect(Topology.cpuQuota("150000 100000") == 2)
    #expect(Topology.cpuQuota("1000 100000") == 1)
    #expect(Topology.cpuQuota("9223372036854775807 1") == Int.max)
    for nonsense in [nil, "", "1", "a b", "0 0", "-5 10"] { #expect(Topology.cpuQuota(nonsense) == nil) }
  }

  @Test func affinityMasksAreCounted() {
    #expect(Topology.allowedCPUCount("Name:\tx\nCpus_allowed_list:\t0-3,8,10-11\nMems_allowed:\t1\n") == 7)
    #expect(Topology.allowedCPUCount("Cpus_allowed_list:\t5") == 1)
    for nonsense in [nil, "", "Cpus_allowed_list:\t", "Cpus_allowed_list:\t3-1", "Cpus_allowed_list:\t-,x"] {
      #expect(Topology.allowedCPUCount(nonsense) == nil)
    }
  }

  @Test func thisMachineHasProcessors() {
    let topology = Topology.current()
    #expect(topology.usableCPUCount >= 1 && topology.machineCPUCount >= topology.usableCPUCount)
  }
}
