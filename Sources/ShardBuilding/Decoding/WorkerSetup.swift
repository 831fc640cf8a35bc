import Faults
import Foundation

/// The first message to a decoding worker.
struct WorkerSetup: Codable {
  var settings: DecodeSettings
  var memoryByteCount: Int

  init(settings: DecodeSettings, memoryByteCount: Int) {
    self.settings = settings
    self.memoryByteCount = memoryByteCount
  }

  init(_ bytes: [UInt8]) throws {
    do {
      self = try JSONDecoder().decode(WorkerSetup.self, from: Data(bytes))
    } catch {
      throw Fault(.internalError, "The settings of a worker cannot be read", at: "\(error)")
    }
  }

  var bytes: [UInt8] { get throws { Array(try JSONEncoder().encode(self)) } }
}
