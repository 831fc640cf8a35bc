import Faults

/// The names that a file gives the tensors of a CLIP model.
///
/// All maps from our names to a file's are functions of names alone. Ours are OpenAI CLIP's (docs/model.md), so that
/// naming is the identity.
public enum WeightNaming: String, Sendable, CaseIterable {
  /// `visual.…` and `transformer.resblocks.…`.
  case openAI = "OpenAI"
  /// `vision_model.…` and `text_model.…` of `transformers`.
  case huggingFace = "Hugging Face"
  /// The authors' SGMN checkpoints: OpenAI's names under `clip.` beside `transformerClip.…`.
  case release = "SGMN release"
  /// Checkpoints and exports of this trainer.
  case own = "SGMN Trainer"
}

/// The naming of a file, and what all names of the model begin with besides.
public struct FoundNaming: Equatable, Sendable {
  public let naming: WeightNaming
  /// e.g. `module.`, from a wrapper that was saved along; of a release what comes before `clip.`.
  public let prefix: String

  /// What wrappers put before names, any number of them.
  private static let wrappers: Set<Substring> = ["module", "model", "clip"]

  /// Looks for names that only one naming has.
  ///
  /// - Throws: `Fault(.configuration)` with the first names of the file where there are none of any naming.
  public init(of names: some Collection<String>, path: String) throws {
    guard let found = FoundNaming(of: names) else {
      let first = names.sorted().prefix(5).map { "\($0)" }.joined(separator: ", ")
      throw Fault(
        .configuration,
        "No image encoder of CLIP by any known name among \(names.count) tensors"
          + (names.isEmpty ? "" : ", the first are \(first)"), at: path,
        remedy:
          "Names are known of CLIP by OpenAI (visual.…) and Hugging Face (vision_model.…, with visual_projection), of the "
          + "authors' SGMN checkpoints and of this trainer's")
    }
    self = found
  }

  private init?(of names: some Collection<String>) {
    let known = Set(names)
    for (anchor, naming) in [
      ("visual.class_embedding", WeightNaming.openAI), ("visual.positional_embedding", .openAI),
      ("vision_model.embeddings.class_embedding", .huggingFace),
      ("vision_model.embeddings.position_embedding.weight", .huggingFace),
    ] {
      let prefixes = names.filter { $0.hasSuffix(anchor) }.map { String($0.dropLast(anchor.count)) }
        .filter(FoundNaming.isWrapping)
      guard let prefix = prefixes.min(by: { ($0.utf8.count, $0) < ($1.utf8.count, $1) }) else { continue }
      self = FoundNaming(naming, prefix: prefix).specific(among: known)
      return
    }
    return nil
  }

  init(_ naming: WeightNaming, prefix: String = "") { (self.naming, self.prefix) = (naming, prefix) }

  /// What has OpenAI's names may be more than CLIP.
  private func specific(among names: Set<String>) -> FoundNaming {
    guard naming == .openAI else { return self }
    if prefix.hasSuffix("clip.") {
      let outer = String(prefix.dropLast("clip.".count))
      if names.contains(where: {
        $0.hasPrefix(outer + "transformerClip.") || $0.hasPrefix(outer + "frame2t_attention.")
      }) {
        return FoundNaming(.release, prefix: outer)
      }
    }
    let isOwn = names.contains { name in ["tmc.", "gci.", "smf.", "asr."].contains { name.hasPrefix(prefix + $0) } }
    return isOwn ? FoundNaming(.own, prefix: prefix) : self
  }

  /// Whether `prefix` is empty or made of wrappers alone: `module.clip.`.
  private static func isWrapping(_ prefix: String) -> Bool {
    guard !prefix.isEmpty else { return true }
    return prefix.hasSuffix(".")
      && prefix.dropLast().split(separator: ".", omittingEmptySubsequences: false)
        .allSatisfy(wrappers.contains)
  }
}
