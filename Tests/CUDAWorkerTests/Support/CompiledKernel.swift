/// What the assembler tells of a kernel.
struct CompiledKernel: Equatable {
  let name: String
  /// Of a thread.
  var registers = 0
  /// Registers that found no place, in memory: bytes written and read.
  var spillByteCount = 0
  /// Of a block, besides what the launch asks for.
  var sharedByteCount = 0

  /// The kernels of a log of NVRTC with `--ptxas-options=-v`.
  static func all(in log: String) -> [CompiledKernel] {
    var kernels: [CompiledKernel] = []
    for line in log.split(separator: "\n") {
      if let name = line.firstMatch(of: /Compiling entry function '(\w+)'/)?.1 {
        kernels.append(CompiledKernel(name: String(name)))
      }
      guard let last = kernels.indices.last else { continue }
      if let match = line.firstMatch(of: /(\d+) bytes spill stores, (\d+) bytes spill loads/) {
        kernels[last].spillByteCount = Int(match.1)! + Int(match.2)!
      }
      if let registers = line.firstMatch(of: /Used (\d+) registers/)?.1 { kernels[last].registers = Int(registers)! }
      if let shared = line.firstMatch(of: /(\d+) bytes smem/)?.1 { kernels[last].sharedByteCount = Int(shared)! }
    }
    return kernels
  }
}
