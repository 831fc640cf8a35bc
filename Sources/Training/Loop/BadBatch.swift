import DurableFiles
import Foundation

/// What one rank had in a step whose numbers were not as they should be: `bad-batch.step-N.rank-R.json`.
struct BadBatch: Codable, Sendable, Equatable {
  /// Counted from 1, as in `metrics.jsonl`.
  var step: Int
  var rank: Int
  /// Why it was written.
  var reason = Reason.notFinite
  /// The rank's own, by name. What is not finite is written as text.
  var losses: [String: Double]
  /// Of the averaged gradient.
  var gradientNorm: Double
  /// Parameters whose summed gradient has an element that is not finite, sorted.
  var tensors: [String] = []
  var clipIDs: [String]
  var sampleNumbers: [Int]

  enum Reason: String, Codable, Sendable {
    case notFinite = "not finite"
    case spike = "loss spike"
  }

  enum CodingKeys: String, CodingKey {
    case step, rank, reason, losses, tensors
    case gradientNorm = "gradient_norm"
    case clipIDs = "clip_ids"
    case sampleNumbers = "sample_numbers"
  }

  init(
    step: Int, rank: Int, losses: [(name: String, value: Double)], gradientNorm: Double, clipIDs: [String],
    sampleNumbers: [Int]
  ) {
    (self.step, self.rank) = (step, rank)
    self.losses = Dictionary(losses.map { ($0.name, $0.value) }) { first, _ in first }
    (self.gradientNorm, self.clipIDs, self.sampleNumbers) = (gradientNorm, clipIDs, sampleNumbers)
  }

  /// The names of the rank's own losses that are not finite, sorted.
  var lossesNotFinite: [String] { losses.filter { !$0.value.isFinite }.keys.sorted() }

  var fileName: String { "bad-batch.step-\(step).rank-\(rank).json" }

  func encoded() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return [UInt8](try encoder.encode(self)) + [0x0A]
  }

  static func decoded(_ bytes: [UInt8]) throws -> BadBatch {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try decoder.decode(BadBatch.self, from: Data(bytes))
  }

  /// Durable when it returns.
  func write(in folder: String) throws { try DurableFile.write(encoded(), to: "\(folder)/\(fileName)") }
}
