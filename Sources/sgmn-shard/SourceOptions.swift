import ArgumentParser
import Collectives
import Faults
import Foundation
import ShardBuilding

/// Where samples come from; the same for `build` and `estimate`.
struct SourceOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The samples, one JSON object a line.", valueName: "file")) var manifest: String?
  @Flag(help: "Let a manifest's paths lead out of its folder.") var allowOutside = false
  @Option(
    name: .customLong("lpr4m-train"), parsing: .upToNextOption,
    help: ArgumentHelp("LPR4M's training_videoinfo_full_part_*.txt.", valueName: "file"))
  var trainingParts: [String] = []
  @Option(
    name: .customLong("lpr4m-test"),
    help: ArgumentHelp("A folder with LPR4M's four test annotation files.", valueName: "folder"))
  var testFolder: String?
  @Option(
    name: .customLong("lpr4m-750k"), help: ArgumentHelp("The folder of LPR4M's 750K subset.", valueName: "folder"))
  var subset: String?
  @Option(help: ArgumentHelp("The folder of MovingFashion.", valueName: "folder")) var movingfashion: String?
  @Option(help: "Which part of the 750K subset or of MovingFashion: train or test.") var part: DataPart = .train
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("LPR4M's frames: folders, or img2dataset's tar files.", valueName: "folder"))
  var framesRoot: [String] = []
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("LPR4M's images: folders, or img2dataset's tar files.", valueName: "folder"))
  var imagesRoot: [String] = []
  @Option(help: ArgumentHelp("Vectors of speech, made before: JSON, clip id to numbers.", valueName: "file"))
  var clipEmbeddings: String?
  @Option(help: ArgumentHelp("Vectors of titles, made before: JSON, image id to numbers.", valueName: "file"))
  var itemEmbeddings: String?
  @Option(help: ArgumentHelp("The encoder that made those vectors, e.g. chinese-clip.", valueName: "name"))
  var embeddingName: String?

  func validate() throws {
    let sources = [manifest != nil, !trainingParts.isEmpty, testFolder != nil, subset != nil, movingfashion != nil]
    guard sources.count(where: { $0 }) == 1 else {
      throw ValidationError(
        "Give one of --manifest, --lpr4m-train, --lpr4m-test, --lpr4m-750k and --movingfashion.")
    }
    if !trainingParts.isEmpty || testFolder != nil, framesRoot.isEmpty || imagesRoot.isEmpty {
      throw ValidationError("LPR4M's annotations need --frames-root and --images-root.")
    }
    if clipEmbeddings != nil || itemEmbeddings != nil, embeddingName == nil {
      throw ValidationError("Embeddings need --embedding-name, the name of their encoder.")
    }
  }

  var description: SourceDescription {
    let samples: SourceDescription.Samples =
      if let manifest {
        .manifest(path: manifest, allowOutside: allowOutside)
      } else if let testFolder {
        .lpr4mTest(folder: testFolder, frames: framesRoot, images: imagesRoot)
      } else if let subset {
        .lpr4mSubset(folder: subset, part: part)
      } else if let movingfashion {
        .movingFashion(folder: movingfashion, part: part)
      } else {
        .lpr4mTrain(paths: trainingParts, frames: framesRoot, images: imagesRoot)
      }
    return SourceDescription(
      samples,
      embeddings: embeddingName.map { .init(name: $0, clips: clipEmbeddings, items: itemEmbeddings) })
  }

  /// The description as the plan of a build keeps it.
  var text: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(description), as: UTF8.self)
    }
  }

  /// The source, read by all ranks together.
  func open(on communicator: any Communicator, threadCount: Int) throws -> SourceDescription.Opened {
    let description = description
    let line = ScanLine(isShown: communicator.isLeader)
    defer { line.finish() }
    let part = try communicator.together {
      try description.scan(rank: communicator.rank, of: communicator.rankCount, threadCount: threadCount) {
        line.show($0, $1)
      }
    }
    let parts = try communicator.allGather(part.words.withUnsafeBytes { Array($0) })
    return try communicator.together {
      try description.open(
        parts.map { bytes in
          try SourceScan(words: bytes.withUnsafeBytes { Array($0.bindMemory(to: UInt64.self)) })
        })
    }
  }
}

extension DataPart: ExpressibleByArgument {}
