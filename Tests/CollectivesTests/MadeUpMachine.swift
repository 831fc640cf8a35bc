@testable import Collectives

/// Machines that this one is not.
enum MadeUpMachine {
  /// CPUs numbered as Linux does on servers: first one thread of every core, package after package, then the others.
  static func server(packages: Int, coresPerPackage: Int, threadsPerCore: Int, nodesPerPackage: Int = 1) -> ProcessorMap
  {
    let cores = packages * coresPerPackage
    return ProcessorMap(
      (0..<cores * threadsPerCore).map { number in
        let core = number % cores
        let coresPerNode = coresPerPackage / nodesPerPackage
        return ProcessorMap.CPU(number: number, core: core, package: core / coresPerPackage, node: core / coresPerNode)
      })
  }

  /// Siblings next to each other, as virtual machines show them.
  static func pairs(cores: Int) -> ProcessorMap {
    ProcessorMap((0..<2 * cores).map { ProcessorMap.CPU(number: $0, core: $0 / 2 * 2) })
  }

  /// The files of a machine without some CPUs.
  static func files(_ machine: ProcessorMap, offline: Set<Int> = [], topologyIsHidden: Bool = false) -> [String: String]
  {
    let cpus = machine.cpus.filter { !offline.contains($0.number) }
    var files = ["cpu/online": CPUList.text(cpus.map(\.number)) + "\n"]
    let nodes = Dictionary(grouping: cpus, by: \.node)
    files["node/online"] = CPUList.text(Array(nodes.keys)) + "\n"
    for (node, cpus) in nodes { files["node/node\(node)/cpulist"] = CPUList.text(cpus.map(\.number)) + "\n" }
    for cpu in cpus where !topologyIsHidden {
      let siblings = cpus.filter { $0.core == cpu.core }.map(\.number)
      files["cpu/cpu\(cpu.number)/topology/core_cpus_list"] = CPUList.text(siblings) + "\n"
      files["cpu/cpu\(cpu.number)/topology/physical_package_id"] = "\(cpu.package)\n"
    }
    return files
  }
}
