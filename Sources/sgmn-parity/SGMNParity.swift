import ArgumentParser
import CUDAWorker
import Faults
import Foundation
import Parity
import TensorCore

@main
struct SGMNParity: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sgmn-parity",
    abstract: "Holds the model against the reference: every loss, output and gradient of a fixture.",
    discussion: """
      Reads fixtures (weights, a batch, and the numbers that the PyTorch reference computed from them in float64),
      runs forward and backward, and prints the relative errors. Exit code 1 where one is beyond its tolerance:
      1e-5 for a loss, 1e-4 for an output or gradient in the L2 norm; in bf16 2e-2 for a loss, and a cosine of at least
      0.995 for an output or gradient.
      """)

  @Argument(help: "Fixture files.", completion: .file())
  var files: [String]

  @Option(
    help: ArgumentHelp("What computes: cpu, cuda, cuda:N, or auto: a GPU where there is one.", valueName: "device"))
  var device = DeviceChoice.auto

  @Option(
    help: ArgumentHelp(
      "float32, float64 (tells rounding from mistakes) or bf16, the operands of products.", valueName: "format"))
  var precision = ParityCheck.Precision.float32

  @Flag(name: .shortAndLong, help: "Print one line a file and the rows that fail.")
  var quiet = false

  @Option(help: ArgumentHelp("OpenBLAS kernels: auto, env or a core's name.", valueName: "core"))
  var blasCore = "auto"

  func run() throws {
    do {
      if let line = BLASCore(blasCore).select() { FileHandle.standardError.write(Data((line + "\n").utf8)) }
      let backend = try worker()
      var failed = 0
      for path in files {
        let check = try ParityCheck(Fixture(path), precision: precision, backend: backend)
        print(check.table(path: path, quiet: quiet))
        if !check.holds { failed += 1 }
      }
      if failed > 0 { throw ArgumentParser.ExitCode(1) }
    } catch let fault as Fault {
      tell("error: \(fault)")
      throw ArgumentParser.ExitCode(fault.code.rawValue)
    }
  }
}

extension SGMNParity {
  private func tell(_ line: String) { FileHandle.standardError.write(Data("sgmn-parity: \(line)\n".utf8)) }

  private func worker() throws -> any Backend {
    switch device {
    case .cpu: return CPUBackend()
    case .cuda(let number): return try CUDABackend(number: number, localRank: 0, log: tell)
    case .auto:
      do { return try CUDABackend(number: nil, localRank: 0, log: tell) } catch let fault as Fault
        where fault.code == .remoteUnavailable
      {
        tell("on the CPU, for there is no GPU: \(fault.what)")
        return CPUBackend()
      }
    }
  }
}

extension DeviceChoice: ExpressibleByArgument {}
extension ParityCheck.Precision: ExpressibleByArgument {}
