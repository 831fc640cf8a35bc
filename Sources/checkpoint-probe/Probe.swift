import Checkpointing
import Faults
@preconcurrency import Glibc

/// Saves checkpoints, for a test that records the system calls.
///
///     checkpoint-probe FOLDER
///
/// Saves in FOLDER/checkpoints, which it creates, and prints `saved NUMBER` after each save has returned. Save N holds
/// files that follow from N alone. One save is of the step of the save before, which it replaces.
@main struct Probe {
  static func main() {
    do {
      guard CommandLine.arguments.count == 2 else { throw Fault(.usage, "checkpoint-probe FOLDER") }
      try run(CommandLine.arguments[1])
    } catch let fault as Fault {
      print("fault \(fault.code.rawValue): \(fault)")
      exit(fault.code.rawValue)
    } catch {
      print("error: \(error)")
      exit(ExitCode.internalError.rawValue)
    }
  }

  static func run(_ folder: String) throws {
    setvbuf(stdout, nil, _IOLBF, 0)
    let store = CheckpointStore(folder: "\(folder)/checkpoints", keepLast: 2)
    for (index, step) in [10, 20, 30, 30, 40].enumerated() {
      let number = index + 1
      try store.save(step: step, isBest: number == 2) { draft in
        try draft.write((0..<700).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ number) }, to: "weights.bin")
        try draft.write(Array("save \(number)".utf8), to: "state.txt")
      }
      print("saved \(number)")
    }
  }
}
