import Faults

/// All that names a source of samples: what a build is given on its command line.
///
/// Opened in two phases, so that many ranks share the reading: each makes its part (`scan`), and each opens the source
/// from all parts (`open`).
public struct SourceDescription: Codable, Sendable, Equatable {
  public enum Samples: Codable, Sendable, Equatable {
    /// JSON Lines as shards/manifest.md describes them.
    case manifest(path: String, allowOutside: Bool)
    /// Training annotations, and folders or tar archives in which frames and product images are looked for.
    case lpr4mTrain(paths: [String], frames: [String], images: [String])
    /// A folder with the four test annotation files, and where frames and gallery images are looked for.
    case lpr4mTest(folder: String, frames: [String], images: [String])
    /// The folder of the 750K subset.
    case lpr4mSubset(folder: String, part: DataPart)
    /// The folder of MovingFashion.
    case movingFashion(folder: String, part: DataPart)
  }

  /// Vectors that an encoder made of the texts beforehand: JSON objects of lists of numbers.
  public struct TextEmbeddings: Codable, Sendable, Equatable {
    /// The encoder, as the shards shall name it.
    public var name: String
    /// Speech by the clip's id.
    public var clips: String?
    /// Titles by the image's id.
    public var items: String?

    public init(name: String, clips: String?, items: String?) {
      (self.name, self.clips, self.items) = (name, clips, items)
    }
  }

  public var samples: Samples
  public var embeddings: TextEmbeddings?

  public init(_ samples: Samples, embeddings: TextEmbeddings? = nil) {
    self.samples = samples
    self.embeddings = embeddings
  }

  /// Throws `Fault(.usage)` where something is missing that no file can supply. Looks at no file.
  public func validate() throws {
    func require(_ paths: [String], _ option: String) throws {
      guard !paths.isEmpty, paths.allSatisfy({ !$0.isEmpty && !$0.utf8.contains(0) }) else {
        throw Fault(.usage, "\(option) needs a path", remedy: "docs/inputs.md has an example of each source")
      }
    }
    switch samples {
    case .manifest(let path, _): try require([path], "--manifest")
    case .lpr4mTrain(let paths, let frames, let images):
      try require(paths, "--lpr4m-train")
      try require(frames, "--frames-root")
      try require(images, "--images-root")
    case .lpr4mTest(let folder, let frames, let images):
      try require([folder], "--lpr4m-test")
      try require(frames, "--frames-root")
      try require(images, "--images-root")
    case .lpr4mSubset(let folder, _): try require([folder], "--lpr4m-750k")
    case .movingFashion(let folder, _): try require([folder], "--movingfashion")
    }
    guard let embeddings else { return }
    guard embeddings.clips != nil || embeddings.items != nil else {
      throw Fault(.usage, "--embedding-name without --clip-embeddings or --item-embeddings")
    }
    try require([embeddings.clips, embeddings.items].compactMap { $0 }, "--clip-embeddings or --item-embeddings")
    guard !embeddings.name.isEmpty, embeddings.name.utf8.count <= 256 else {
      throw Fault(
        .usage, "Embeddings need the name of their encoder, at most 256 bytes",
        remedy: "Give --embedding-name, for example chinese-clip")
    }
  }
}
