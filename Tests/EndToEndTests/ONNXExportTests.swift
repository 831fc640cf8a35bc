import FaultTrials
import Foundation
import ReferenceLibraries
import Testing

extension EndToEnd {
  @Suite struct ONNXExportTests {
    private static let document = (#filePath as NSString).deletingLastPathComponent + "/../../docs/onnx.md"

    private func export(_ arguments: String...) throws -> Job.Result {
      try Command("sgmn-train", ["checkpoint", "export"] + arguments).run()
    }

    /// A fresh folder that the export is put into.
    private func folder() throws -> String {
      let folder = try World.shared().folder + "/onnx-\(UUID().uuidString)"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      return folder
    }

    @Test func theEncodersOfARunAreExportedOnce() throws {
      let run = try World.unbroken().run
      let out = try folder() + "/exported"
      let result = try export(run.path, "--format", "onnx", "--out", out)
      #expect(result.status == 0 && result.standardOutput.hasPrefix("\(out): "), "\(result.text)")
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: out).sorted() == [
          "asr_encoder.onnx", "clip_encoder.onnx", "image_encoder.onnx", "title_encoder.onnx", "weights.safetensors",
        ])
      let again = try export(run.path, "--format", "onnx", "--out", out)
      #expect(again.status == 73 && again.lineCount("The output exists already (\(out))") == 1, "\(again.text)")
    }

    @Test func whatCannotBeExportedIsNamed() throws {
      let (run, out) = (try World.unbroken().run.path, try folder() + "/exported")
      let rounded = try export(run, "--format", "onnx", "--dtype", "f16", "--out", out)
      #expect(rounded.status == 64 && rounded.lineCount("does not go with --format onnx") == 1, "\(rounded.text)")
      #expect(try export(run, "--format", "torchscript", "--out", out).status == 64)
      #expect(try export(World.shared().testShards, "--format", "onnx", "--out", out).status == 66)
      #expect(!FileManager.default.fileExists(atPath: out))
    }

    @Test(.enabled(if: ReferencePython.path != nil)) func theDocumentedUseAgreesWithPyTorch() throws {
      let folder = try folder()
      let result = try export(World.unbroken().run.path, "--format", "onnx", "--out", "\(folder)/exported")
      #expect(result.status == 0, "\(result.text)")
      let printed = try ReferencePython.run("check_onnx_against_torch.py", [folder, Self.document])
      #expect(printed.hasPrefix("image "), "\(printed)")
    }
  }
}
