import ArgumentParser
import CommandRunning
import Faults
import Foundation
import Training

/// `sgmn-train checkpoint`: looks at checkpoints; chosen in `Main`.
struct CheckpointCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sgmn-train checkpoint",
    abstract: "Lists, verifies, compares and exports checkpoints; changes none.",
    discussion: """
      CHECKPOINT is the folder of one (RUN/checkpoints/step-00000500) or of a run, of which the newest whole one counts.

      Exit codes: 0 done, 1 diff found a difference, 64 usage, 65 a checkpoint is damaged, 66 there is none, 73 the output
      exists, 74 disk, 78 the one that was named cannot be used.
      """,
    subcommands: [List.self, Verify.self, Diff.self, Export.self])

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "ls", abstract: "Prints a line for each checkpoint of a run, the newest last.")

    @Argument(help: ArgumentHelp("Folder of the run.", valueName: "run"))
    var folder: String

    func run() throws {
      try CheckpointCommand.end {
        for line in try CheckpointListing.lines(folder) { print(line) }
      }
    }
  }

  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "verify", abstract: "Compares every byte with the checksums; 65 where one differs.")

    @Argument(help: "Folder of a run, all of whose checkpoints are read, or of one checkpoint.")
    var path: String

    func run() throws {
      try CheckpointCommand.end { try CheckpointVerification.verify(path) { print($0) } }
    }
  }

  struct Diff: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "diff", abstract: "Prints what two checkpoints hold that is not the same; 1 where anything is not.")

    @Argument(help: "One CHECKPOINT.")
    var first: String

    @Argument(help: "The other.")
    var second: String

    func run() throws {
      var areEqual = true
      try CheckpointCommand.end {
        let comparison = try CheckpointComparison(first, second, warn: CheckpointCommand.warn)
        areEqual = comparison.areEqual
        if areEqual { print("equal") }
        for part in comparison.parts {
          print("\(part.title): \(part.lines.count) differ")
          for line in part.lines { print("  \(line)") }
        }
      }
      if !areEqual { throw ArgumentParser.ExitCode(1) }
    }
  }

  struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "export", abstract: "Writes the weights alone for other programs, with step and settings.",
      discussion: """
        --format sgmn writes one safetensors file of all weights, by the names that checkpoints have; huggingface a folder that
        CLIPVisionModelWithProjection.from_pretrained of transformers loads: the image encoder; onnx a folder of the encoders
        that retrieval needs, for onnxruntime.
        """)

    @Argument(help: "CHECKPOINT.")
    var checkpoint: String

    @Option(name: .shortAndLong, help: "The file, or for huggingface and onnx the folder, which must not exist.")
    var out: String

    @Option(help: "sgmn, huggingface or onnx.")
    var format = WeightExport.Format.sgmn

    @Option(help: "float32, or rounded to bf16 or f16; onnx is float32.")
    var dtype = WeightExport.ElementType.float32

    func validate() throws {
      guard format != .onnx || dtype == .float32 else {
        throw ValidationError("--dtype \(dtype.rawValue) does not go with --format onnx")
      }
    }

    func run() throws {
      try CheckpointCommand.end {
        let warn = CheckpointCommand.warn
        let byteCount =
          switch format {
          case .sgmn: try WeightExport.write(checkpoint, to: out, as: dtype, warn: warn)
          case .huggingface: try WeightExport.writeHuggingFace(checkpoint, to: out, as: dtype, warn: warn)
          case .onnx: try WeightExport.writeONNX(checkpoint, to: out, warn: warn)
          }
        print("\(out): \(byteCount) bytes")
      }
    }
  }

  fileprivate static func end(_ body: () throws -> Void) throws {
    let code = try CommandEnd.report {
      try body()
      return .done
    }
    if code != .done { throw ArgumentParser.ExitCode(code.rawValue) }
  }

  fileprivate static func warn(_ line: String) {
    FileHandle.standardError.write(Data("warning: \(line)\n".utf8))
  }
}

extension WeightExport.ElementType: ExpressibleByArgument {}
extension WeightExport.Format: ExpressibleByArgument {}
