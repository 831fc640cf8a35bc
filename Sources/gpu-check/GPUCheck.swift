import ArgumentParser
import CUDAWorker
import Faults
import Foundation
import TensorCore

/// `gpu-check`: the kernels of the GPU worker against the CPU and against the card's limits. `make gpu-check` runs it
/// first, then whole steps.
@main
struct GPUCheck: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gpu-check",
    abstract: "Checks every kernel of the GPU worker against the CPU in float64, and times it.",
    discussion: """
      gpu-check --pairs 256

      Every kernel runs on sizes that no tile divides and on those of ViT-B/32, into memory that was filled with NaN, and
      twice: the second run must give the same bits. Then it is timed at the sizes of a step; its floor is the time in
      which the card copies the kernel's bytes, or does its operations, at the speeds measured first.

      Exit codes: 0 all kernels are right, 70 one is not, 77 there is no GPU.
      """)

  @Option(help: "Pairs of a step, eleven pictures each, at which kernels are timed.") var pairs = 256
  @Option(help: "Of the random numbers; another one for every run unless given.") var seed = UInt64.random(
    in: 0..<1 << 32)
  @Flag(help: "Check alone, without clocks.") var checkOnly = false
  @Option(help: "Kernels whose name has this in it.") var only = ""
  @Flag(help: "Instead: whole steps, their losses and gradients, against the CPU in float32.") var steps = false

  func validate() throws {
    guard (1...4_096).contains(pairs) else { throw ValidationError("--pairs is 1 … 4096.") }
  }

  func run() throws {
    let gpu: CUDABackend
    do {
      gpu = try CUDABackend(device: 0)
    } catch let fault as Fault {
      print("gpu-check: no GPU: \(fault)")
      throw ArgumentParser.ExitCode(77)
    }
    print("\(gpu.summary); seed \(seed)")
    let wrongCount = try steps ? checkSteps(gpu) : checkKernels(gpu)
    guard wrongCount == 0 else {
      print("gpu-check: \(wrongCount) of these WRONG")
      throw ArgumentParser.ExitCode(70)
    }
  }

  /// Prints a line each and returns how many are wrong.
  private func checkSteps(_ gpu: CUDABackend) throws -> Int {
    let threadCount = max(1, ProcessInfo.processInfo.activeProcessorCount)
    let check = StepCheck(gpu: gpu, cpu: CPUBackend(threadCount: threadCount))
    let lines = try check.gradientLines() + [check.curveLine()]
    print("| check | result | |\n|---|---|---|")
    for line in lines { print("| \(line.name) | \(line.result) | \(line.isRight ? "ok" : "WRONG") |") }
    return lines.count { !$0.isRight }
  }

  private func checkKernels(_ gpu: CUDABackend) throws -> Int {
    let kernels = KernelCases.all.filter { only.isEmpty || $0.name.contains(only) }
    let hardware = checkOnly ? nil : Hardware(gpu)
    if let hardware {
      print(
        String(
          format: "copy %.2f TB/s, product %.0f TFLOP/s", hardware.bytesPerSecond / 1e12,
          hardware.operationsPerSecond / 1e12))
    }
    let check = KernelCheck(gpu: gpu, cpu: CPUBackend(threadCount: 1), seed: seed)
    var table = CheckTable()
    for kernel in kernels {
      table.add(kernel, check(kernel, EncoderShape.checked), try hardware.map { try time(kernel, on: gpu, $0) })
      try gpu.throwIfFailed()
    }
    print(table.text, terminator: "")
    let own = gpu.productChoices.filter { $0.contains("own kernel") }
    print(own.isEmpty ? "all products by cuBLASLt" : "not by cuBLASLt:\n" + own.joined(separator: "\n"))
    return table.failedCount
  }

  private func time(_ kernel: KernelCase, on gpu: CUDABackend, _ hardware: Hardware) throws -> CheckTable.Timing {
    var bench = Workbench(gpu, isReference: false, seed: seed)
    let prepared = kernel.make(&bench, .baseEncoder(pairs: pairs))
    let seconds = KernelClock(gpu: gpu)(prepared)
    return CheckTable.Timing(seconds: seconds, floor: hardware.floor(prepared), kernel: prepared)
  }
}
