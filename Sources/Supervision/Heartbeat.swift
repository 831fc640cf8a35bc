import Collectives

/// What a rank says of itself about once a second.
struct Heartbeat: Sendable, Equatable {
  var phase = RankProgress.Phase.starting
  var step = 0
  /// Seconds since its last sign of life.
  var seconds = 0.0
  /// Counts its signs of life.
  var ticks: UInt64 = 0
  /// Seconds of a processor that its first thread took since the heartbeat before; nil where the system does not say.
  var processorSeconds: Double?
  /// Of the step that is under way, as many as a message holds.
  var samples: [String] = []
}

extension Heartbeat {
  /// Samples of a step that are told.
  static let sampleLimit = 8

  private static let headByteCount = 33

  /// A phase, four numbers of 8 bytes in this machine's order, then the samples, a line each.
  var bytes: [UInt8] {
    var bytes = [phase.rawValue]
    for word in [
      UInt64(bitPattern: Int64(step)), seconds.bitPattern, ticks, (processorSeconds ?? -1).bitPattern,
    ] { withUnsafeBytes(of: word) { bytes += $0 } }
    var text: [UInt8] = []
    for sample in samples {
      let line = (text.isEmpty ? "" : "\n") + sample
      guard Self.headByteCount + text.count + line.utf8.count <= heartbeatByteLimit else { break }
      text += line.utf8
    }
    return bytes + text
  }

  /// nil where the bytes are no heartbeat.
  init?(_ bytes: [UInt8]) {
    guard bytes.count >= Self.headByteCount, let phase = RankProgress.Phase(rawValue: bytes[0]) else { return nil }
    let words = bytes.withUnsafeBytes { bytes in
      (0..<4).map { bytes.loadUnaligned(fromByteOffset: 1 + 8 * $0, as: UInt64.self) }
    }
    self.phase = phase
    step = Int(Int64(bitPattern: words[0]))
    seconds = Double(bitPattern: words[1])
    ticks = words[2]
    let processorSeconds = Double(bitPattern: words[3])
    self.processorSeconds = processorSeconds >= 0 ? processorSeconds : nil
    let text = String(decoding: bytes.dropFirst(Self.headByteCount), as: UTF8.self)
    samples = text.split(separator: "\n").map(String.init)
  }
}
