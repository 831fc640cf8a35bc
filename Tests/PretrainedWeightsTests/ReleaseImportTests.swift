import Checkpointing
import Foundation
import ReferenceLibraries
import SGMNModel
import TensorCore
import Testing

@testable import PretrainedWeights

/// Scores with the weights of an SGMN release.
@Suite(.serialized) struct ReleaseImportTests {
  private static let authorsFiles = ProcessInfo.processInfo.environment["SGMN_RELEASE_FILES"]

  private func configuration(layers: Int) -> ModelConfiguration {
    var c = ModelConfiguration()
    (c.layers, c.gci, c.smf, c.padding) = (layers, false, false, .release)
    return c
  }

  /// Of clips of `length` frames among images: of pictures (clips, images), and of texts.
  private func scores(_ imported: ImportedModel, _ expected: SafetensorsFile, length: Int) throws -> [Float] {
    let c = imported.model.configuration
    let shape = try expected.entry("frames").shape  // [clips, 10, 3, R, R]
    let (clips, frames) = (shape[0], shape[1])
    let picture = shape[2] * shape[3] * shape[4]
    let pixels = try expected.bytes("frames")
    let slots = (0..<clips).flatMap { clip in (0..<length).map { Int32(clip * frames + $0) } }
    let batch = ClipBatch(
      clipCount: clips, frameCount: c.frames,
      frames: slots.flatMap { pixels[Int($0) * picture..<(Int($0) + 1) * picture] }, frameSlots: slots,
      mask: (0..<clips * frames).map { $0 % frames < length })
    let clip = imported.model.clipEmbeddings(batch, backend: imported.backend)
    let images = imported.model.imageEmbeddings(try expected.bytes("images"), backend: imported.backend)
    return clip.product(images, transposingOther: true).floats()
  }

  private func textScores(_ imported: ImportedModel, _ expected: SafetensorsFile) throws -> [Float] {
    func embeddings(_ name: String, _ kind: SGMN.TextKind) throws -> Tensor {
      let text = PairBatch.TextInput(pooled: try expected.floats(name))
      return try #require(
        imported.model.textEmbeddings(
          text, kind, count: try expected.entry(name).shape[0], backend: imported.backend))
    }
    return try embeddings("asr", .asr).product(embeddings("title", .title), transposingOther: true).floats()
  }

  /// - Parameter lengths: those whose scores must agree.
  private func expectSameScores(_ files: ReferenceFiles, layers: Int, lengths: ClosedRange<Int>) throws {
    let imported = try ImportedModel(.release, path: files.weights, configuration(layers: layers))
    #expect(imported.plan.found == FoundNaming(.release))
    let report = imported.plan.report
    #expect(report.untouched.isEmpty && report.unexpected.isEmpty && !report.notUsed.isEmpty, "\(report)")
    let expected = try files.expected()
    let all = try expected.floats("visual_scores")
    let count = all.count / 10
    for length in lengths {
      let ours = try scores(imported, expected, length: length)
      let difference = greatestDifference(ours, Array(all[(length - 1) * count..<length * count]))
      if ReleaseImportTests.authorsFiles != nil { print("clips of \(length): scores differ by \(difference) at most") }
      #expect(difference < 1e-4, "clips of \(length): \(difference)")
    }
    let difference = greatestDifference(try textScores(imported, expected), try expected.floats("text_scores"))
    #expect(difference < 1e-4, "texts: \(difference)")
  }

  /// A comparison that the other rule of padding would pass would show nothing.
  @Test(.enabled(if: ReferencePython.path != nil)) func anotherPaddingHasOtherScores() throws {
    let files = try ReferenceFiles("release_scores.py")
    var c = configuration(layers: 2)
    c.padding = .standard
    let all = try files.expected().floats("visual_scores")
    let ours = try scores(ImportedModel(.release, path: files.weights, c), files.expected(), length: 4)
    let count = all.count / 10
    #expect(greatestDifference(ours, Array(all[3 * count..<4 * count])) > 1e-4)
  }

  /// The peer in PyTorch, which masks as the release does, with the release's names.
  @Test(.enabled(if: ReferencePython.path != nil)) func thePeersScores() throws {
    let files = try ReferenceFiles("release_scores.py")
    try expectSameScores(files, layers: 2, lengths: 1...10)
    // The authors' files are PyTorch's.
    let (safe, pickled) = (
      try ImportedModel(.release, path: files.weights, configuration(layers: 2)),
      try ImportedModel(.release, path: "\(files.folder)/weights.bin", configuration(layers: 2))
    )
    #expect(pickled.arena.values.floats() == safe.arena.values.floats())
  }

  /// The authors' own code; see scripts/references/compare_release.py, which runs this. The release adds −1e6 to the
  /// scores of attention that it masks: of a clip of one frame all differences are masked, and float32 keeps little of the
  /// scores beside that number.
  @Test(.enabled(if: authorsFiles != nil)) func authorsScores() throws {
    let folder = try #require(ReleaseImportTests.authorsFiles)
    try expectSameScores(ReferenceFiles(existing: folder), layers: 12, lengths: 2...10)
  }
}
