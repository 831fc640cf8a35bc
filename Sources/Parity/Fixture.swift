import Checkpointing
import Faults
import Foundation
import SGMNModel

/// Weights, a batch, and every number that the reference implementation computed from them.
///
/// Keys of the file: `param.*`, `input.*`, `output.*`, `loss.*`, `grad.*`; the configuration is JSON in its metadata.
public struct Fixture {
  public let path: String
  public let configuration: ModelConfiguration
  public let batch: PairBatch
  private let file: SafetensorsFile

  public init(_ path: String) throws {
    self.path = path
    file = try SafetensorsFile(path)
    configuration = try Fixture.configuration(file, path: path)
    batch = try Fixture.batch(file, configuration, path: path)
  }

  /// Names of the tensors of one kind, such as `grad.`, without the prefix.
  public func names(_ prefix: String) -> [String] {
    file.tensors.keys.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }.sorted()
  }

  public func shape(_ name: String) -> [Int]? { file.tensors[name]?.shape }

  public func floats(_ name: String) throws -> [Float] { try file.floats(name) }

  /// The configuration, whose keys are ours but for the mask rule of padded frames; a fixture is one rank's batch.
  private static func configuration(_ file: SafetensorsFile, path: String) throws -> ModelConfiguration {
    guard let text = file.metadata["config"],
      var fields = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    else {
      throw Fault(.badData, "No model configuration in the file's metadata", at: path, remedy: "Make the fixture again")
    }
    let release = fields.removeValue(forKey: "tmc_first_frame_mask") as? Bool ?? false
    fields["padding"] = (release ? ModelConfiguration.Padding.release : .standard).rawValue
    do {
      // The reference does not have all of our keys.
      let defaults = try JSONSerialization.jsonObject(with: JSONEncoder().encode(ModelConfiguration()))
      fields = (defaults as? [String: Any] ?? [:]).merging(fields) { $1 }
      let configuration = try JSONDecoder().decode(
        ModelConfiguration.self, from: JSONSerialization.data(withJSONObject: fields))
      try configuration.validate()
      return configuration
    } catch let fault as Fault {
      throw fault
    } catch {
      throw Fault(.badData, "The model configuration cannot be read: \(error)", at: path)
    }
  }

  private static func batch(_ file: SafetensorsFile, _ c: ModelConfiguration, path: String) throws -> PairBatch {
    guard let shape = file.tensors["input.clip"]?.shape, shape.count == 5 else {
      throw Fault(.badData, "No input.clip of five axes", at: path, remedy: "Make the fixture again")
    }
    let (pairs, frames) = (shape[0], shape[1])
    let mask = try file.bytes("input.mask").map { $0 != 0 }
    let pixels = try file.bytes("input.clip")
    let size = pixels.count / max(1, pairs * frames)
    // Padded frames are not encoded, but for the rule of the authors' release, under which they are seen.
    let slots = (0..<(pairs * frames)).filter { c.padding == .release || mask[$0] }
    var batch = PairBatch(
      pairCount: pairs, frameCount: frames, images: try file.bytes("input.image"),
      frames: slots.flatMap { pixels[($0 * size)..<(($0 + 1) * size)] }, frameSlots: slots.map { Int32($0) },
      mask: mask, productKeys: try file.int64s("input.product").map { UInt64(bitPattern: $0) })
    if c.text {
      batch.asr = try text(file, "asr", c, pairs: pairs, path: path)
      batch.title = try text(file, "title", c, pairs: pairs, path: path)
    }
    if c.mining == .distance { batch.uniform = try file.floats("input.uniform").map { Double($0) } }
    return batch
  }

  private static func text(
    _ file: SafetensorsFile, _ name: String, _ c: ModelConfiguration, pairs: Int, path: String
  ) throws -> PairBatch.TextInput {
    var input = PairBatch.TextInput(pooled: try file.floats("input.\(name)"))
    if let shape = file.tensors["input.\(name)_present"]?.shape {
      guard shape == [pairs] else {
        throw Fault(
          .badData, "input.\(name)_present is not one byte a pair", at: path, remedy: "Make the fixture again")
      }
      input.isPresent = try file.bytes("input.\(name)_present").map { $0 != 0 }
    }
    if c.textFilter == .gated {
      input.tokens = try file.floats("input.\(name)_tokens")
      input.tokenMask = try file.bytes("input.\(name)_mask").map { $0 != 0 }
    }
    return input
  }
}
