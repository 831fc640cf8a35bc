import DurableFiles
import Faults
import Foundation

/// The small JSON files that lie beside weights.
enum JSONSettings {
  /// Decodes a file of at most 1 MiB; `Fault(.badData)` with the key that is wrong.
  static func read<Value: Decodable>(_ type: Value.Type, _ path: String) throws -> Value {
    let bytes = try FileReader.contents(of: path, limit: 1 << 20)
    do {
      return try JSONDecoder().decode(type, from: Data(bytes))
    } catch let error as DecodingError {
      throw Fault(.badData, "The settings cannot be read: \(error.told)", at: path)
    }
  }
}

extension DecodingError {
  /// Which key is wrong, and how.
  fileprivate var told: String {
    switch self {
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
      .dataCorrupted(let context):
      let key = context.codingPath.map(\.stringValue).joined(separator: ".")
      return (key.isEmpty ? "" : key + ": ") + context.debugDescription
    @unknown default: return "\(self)"
    }
  }
}
