@preconcurrency import Glibc

/// Which CPUs a machine has, and which of them are hardware threads of one core.
public struct ProcessorMap: Sendable, Equatable {
  /// A CPU as the kernel counts them: a hardware thread of a core.
  public struct CPU: Sendable, Equatable {
    public var number: Int
    /// The least number among the hardware threads of its core.
    public var core: Int
    public var package: Int
    /// The NUMA node, whose memory is the nearest.
    public var node: Int

    public init(number: Int, core: Int, package: Int = 0, node: Int = 0) {
      (self.number, self.core, self.package, self.node) = (number, core, package, node)
    }
  }

  /// Those online, by number.
  public var cpus: [CPU]

  public init(_ cpus: [CPU]) { self.cpus = cpus.sorted { $0.number < $1.number } }

  /// Reads a machine's files below `/sys/devices/system`. What a container hides is taken for the plainest: every CPU a
  /// core of its own, all on one package and one node. nil where not even the CPUs are known.
  init?(_ text: (_ path: String) -> String?) {
    guard let online = text("cpu/online").flatMap({ CPUList.parse($0) }), !online.isEmpty else { return nil }
    var nodes: [Int: Int] = [:]
    for node in text("node/online").flatMap({ CPUList.parse($0) }) ?? [] {
      for cpu in text("node/node\(node)/cpulist").flatMap({ CPUList.parse($0) }) ?? [] { nodes[cpu] = node }
    }
    self.init(
      online.map { number in
        let folder = "cpu/cpu\(number)/topology/"
        // The second is what kernels before 5.3 have.
        let siblings = (text(folder + "core_cpus_list") ?? text(folder + "thread_siblings_list"))
          .flatMap { CPUList.parse($0) }
        let package = text(folder + "physical_package_id").flatMap { Int($0.filter { !$0.isWhitespace }) }
        return CPU(
          number: number, core: siblings?.first ?? number, package: max(0, package ?? 0), node: nodes[number] ?? 0)
      })
  }

  /// Asks the kernel.
  public static func current() -> ProcessorMap? {
    ProcessorMap { SystemText.read("/sys/devices/system/" + $0) }
  }

  /// The cores among `allowed`, each with those of its hardware threads that are allowed, by number; neighbours follow
  /// each other.
  func cores(of allowed: [Int]) -> [[CPU]] {
    let allowed = Set(allowed)
    return Dictionary(grouping: cpus.filter { allowed.contains($0.number) }, by: \.core).values
      .sorted { ($0[0].package, $0[0].node, $0[0].core) < ($1[0].package, $1[0].node, $1[0].core) }
  }
}

/// Small files of the kernel.
enum SystemText {
  static func read(_ path: String) -> String? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 16_384)
    let count = Glibc.read(file, &bytes, bytes.count)
    return count > 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : nil
  }
}
