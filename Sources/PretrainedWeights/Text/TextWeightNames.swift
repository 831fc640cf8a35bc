import Faults

/// The tensors of a file under the names that BERT gave them, whatever stands before those.
struct TextWeightNames {
  let shapes: [String: [Int]]
  /// What stands before `embeddings.…` and `encoder.…`.
  let prefix: String
  /// The tensor that projects the first token's feature.
  let projection: Projection?
  private let path: String

  struct Projection {
    var name: String
    var shape: [Int]
    /// Whether it is (inputs, outputs), as the authors of Chinese-CLIP save it.
    var isTransposed: Bool
  }

  private static let mark = "embeddings.word_embeddings.weight"
  /// Names a BERT encoder is saved under. Others (`roberta.`) number positions differently, or compute something else.
  private static let owners: Set<String> = ["bert", "text_model", "text_encoder", "model", "module"]

  init(_ shapes: [String: [Int]], path: String) throws {
    let prefixes = shapes.keys.filter { $0.hasSuffix(Self.mark) }.map { String($0.dropLast(Self.mark.count)) }.sorted()
      .filter { $0.isEmpty || $0.hasSuffix(".") }
    guard let prefix = prefixes.first else {
      throw Fault(
        .badData, "The file has no tensor \(Self.mark), which a BERT encoder begins with", at: path,
        remedy: "Take the weights of a BERT or Chinese-CLIP model")
    }
    guard prefixes.count == 1 else {
      throw Fault(
        .badData, "The file has \(prefixes.count) text encoders: \(prefixes.joined(separator: ", "))", at: path)
    }
    let owner = prefix.split(separator: ".").last.map(String.init)
    if let owner, !Self.owners.contains(owner) {
      throw Fault(
        .badData, "The file has a text encoder called \(owner.debugDescription), which may not compute what BERT does",
        at: path, remedy: "Take the weights of a BERT or Chinese-CLIP model")
    }
    let outer = owner.map { String(prefix.dropLast($0.count + 1)) } ?? ""
    (self.shapes, self.prefix, self.path) = (shapes, prefix, path)
    projection = try Self.projection(outer + "text_projection", shapes, path: path)
  }

  private static func projection(_ name: String, _ shapes: [String: [Int]], path: String) throws -> Projection? {
    for (name, isTransposed) in [(name + ".weight", false), (name, true)] {
      guard let shape = shapes[name] else { continue }
      guard shape.count == 2, shape.allSatisfy({ $0 > 0 }) else {
        throw Fault(.badData, "The tensor \(name) has the shape \(shape), expected a matrix", at: path)
      }
      return Projection(name: name, shape: shape, isTransposed: isTransposed)
    }
    return nil
  }

  /// The whole name of a tensor of the encoder.
  func name(_ name: String) -> String { prefix + name }

  /// `name.modern`, or `name.old` where the file has that instead.
  func name(_ name: String, or old: String, for modern: String) -> String {
    let (first, second) = ("\(prefix)\(name).\(modern)", "\(prefix)\(name).\(old)")
    return shapes[first] == nil && shapes[second] != nil ? second : first
  }

  /// The shape of a matrix that sizes are taken from.
  func matrix(_ name: String) throws -> [Int] {
    guard let shape = shapes[prefix + name] else {
      throw Fault(
        .badData, "The file has a text encoder without \(prefix + name)", at: path,
        remedy: "Take the weights of a BERT or Chinese-CLIP model, whole and unchanged")
    }
    guard shape.count == 2 else {
      throw Fault(.badData, "The tensor \(prefix + name) has the shape \(shape), expected a matrix", at: path)
    }
    return shape
  }

  /// The number of layers; `Fault(.badData)` where they are not numbered from 0 without a gap.
  func layerCount() throws -> Int {
    let start = prefix + "encoder.layer."
    let numbers = Set(
      shapes.keys.filter { $0.hasPrefix(start) }.compactMap { Int($0.dropFirst(start.count).prefix { $0 != "." }) })
    guard numbers == Set(0..<numbers.count) else {
      throw Fault(
        .badData,
        "The file has \(numbers.count) layers of a text encoder, numbered \(numbers.min()!) to \(numbers.max()!)",
        at: path, remedy: "Take the whole weights")
    }
    return numbers.count
  }

  /// Whether a tensor takes part in what the encoder computes.
  func isOfEncoder(_ name: String) -> Bool {
    name.hasPrefix(prefix + "embeddings.") || name.hasPrefix(prefix + "encoder.") || name.contains("text_projection")
  }

  /// Whether a tensor is of a part that the encoder's features do not depend on: vision tower, pooler, heads, and
  /// positions that are stored as numbers.
  func isOfAnotherPart(_ name: String) -> Bool {
    let parts = name.split(separator: ".").map(String.init)
    if name.hasSuffix("embeddings.position_ids") || name.hasPrefix(prefix + "pooler.") { return true }
    return parts.prefix(3).contains { Self.others.contains($0) } && !isOfEncoder(name)
  }

  private static let others: Set<String> = [
    "vision_model", "visual", "visual_projection", "vision_projection", "logit_scale", "pooler", "cls",
  ]
}
