import Checkpointing
import FaultTrials
import Foundation
import Testing

extension EndToEnd {
  /// Weights of a file reach all ranks from the first, and what is wrong with it is said once.
  @Suite struct InitializationTests {
    /// Two steps that leave the encoder as it begins: its learning rate is 0.
    private func command(_ run: RunFolder, from file: String) throws -> Command {
      var command = try run.train(
        ranks: 2,
        settings: ["seed=9", "schedule.steps=2", "optimizer.backbone_lr_scale=0", "safety.compare_ranks_every=1"])
      command.arguments += ["--init-visual", file]
      return command
    }

    @Test func aRunOnTwoRanksBeginsWithTheFile() throws {
      let source = try World.unbroken().run
      let run = try RunFolder("initialized")
      let file = "\(run.path).safetensors"
      try FileManager.default.copyItem(
        atPath: "\(source.path)/checkpoints/\(RunFolder.checkpoint(World.stepCount))/model.safetensors", toPath: file)
      let result = try command(run, from: file).run()
      #expect(result.status == 0, "\(result.text)")
      #expect(result.lineCount("0 missing, 0 of another shape") == 1, "\(result.text)")
      let (given, trained) = (
        try SafetensorsFile(file),
        try SafetensorsFile("\(run.path)/checkpoints/\(RunFolder.checkpoint(2))/model.safetensors")
      )
      #expect(given.tensors.keys == trained.tensors.keys)
      for name in given.tensors.keys {
        #expect(try (given.read(name) == trained.read(name)) == name.hasPrefix("visual."), "\(name)")
      }
      #expect(try String(decoding: run.bytes("initialization.txt"), as: UTF8.self).contains("visual.class_embedding"))

      // What goes on reads no file.
      try FileManager.default.removeItem(atPath: file)
      let again = try command(run, from: file).run()
      #expect(again.status == 0 && again.lineCount("resumed at step 2") == 1, "\(again.text)")
    }

    @Test func aFileThatCannotBeUsedIsToldOnce() throws {
      let run = try RunFolder("not-initialized")
      let missing = try command(run, from: "/nowhere/clip.safetensors").run()
      #expect(missing.status == 66 && missing.lineCount("/nowhere/clip.safetensors") == 1, "\(missing.text)")
      #expect(missing.survivors.isEmpty)

      let source = try World.unbroken().run
      let moments = "\(source.path)/checkpoints/\(RunFolder.checkpoint(World.stepCount))/optimizer.safetensors"
      let foreign = try command(run, from: moments).run()
      #expect(foreign.status == 78 && foreign.lineCount("No image encoder of CLIP") == 1, "\(foreign.text)")
      #expect(foreign.survivors.isEmpty)
    }
  }
}
