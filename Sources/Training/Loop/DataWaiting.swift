import DataLoading
import Faults
import Foundation
import RemoteStorage
import Telemetry

/// How long the ranks waited for data since the last report, and what the time of their reader threads went into.
struct DataWaiting: Codable, Sendable, Equatable {
  /// What holds the reading up.
  enum Cause: Sendable, Equatable { case disk, decompression, network }

  /// Seconds that the report is about, and those of them in which steps waited.
  var seconds: Double
  var waitSeconds: Double
  var readerThreadCount: Int
  /// Of all reader threads of a rank together.
  var readSeconds: Double
  var readByteCount: Int
  var decodeSeconds: Double
  var decodedByteCount: Int
  /// Bytes that came over the network, and the seconds in which any were under way; 0 for shards on this machine.
  var networkSeconds: Double
  var networkByteCount: Int

  init(
    _ statistics: LoaderStatistics, _ network: NetworkUsage = NetworkUsage(), seconds: Double, readerThreadCount: Int
  ) {
    self.seconds = seconds
    self.readerThreadCount = readerThreadCount
    (waitSeconds, readSeconds, decodeSeconds) =
      (statistics.waitSeconds, statistics.readSeconds, statistics.decodeSeconds)
    (readByteCount, decodedByteCount) = (statistics.readByteCount, statistics.decodedByteCount)
    (networkSeconds, networkByteCount) = (network.busySeconds, network.byteCount)
  }

  /// Above this share of the time a report says what is slow.
  static let tolerableShare = 0.05

  var share: Double { seconds > 0 ? min(1, waitSeconds / seconds) : 0 }

  /// Where the threads spent more time; bytes that they waited for came from the network if any did.
  var cause: Cause {
    guard readSeconds > decodeSeconds else { return .decompression }
    return networkByteCount > 0 ? .network : .disk
  }

  /// One line for a person: how much, what is slow, by which figures, and what to do.
  func line(rank: Int, rankCount: Int) -> String {
    let threads = Double(max(1, readerThreadCount)) * max(seconds, 1e-9)
    var text = "waiting for data took \(percent(share)) of the last \(Format.duration(seconds: seconds))"
    text += rankCount > 1 ? " on rank \(rank): " : ": "
    switch cause {
    case .disk: text += "the disk is slow"
    case .network: text += "the network is slow"
    case .decompression: text += "decompression is slow"
    }
    text += "; \(readerThreadCount) reader thread(s) spent \(percent(readSeconds / threads)) of their time reading "
    text += "(\(rate(readByteCount, readSeconds))) and \(percent(decodeSeconds / threads)) decompressing "
    text += "(\(rate(decodedByteCount, decodeSeconds)) of pictures)"
    if networkByteCount > 0 { text += "; the network gave \(rate(networkByteCount, networkSeconds))" }
    return text + ". " + remedy
  }

  private var remedy: String {
    switch cause {
    case .disk:
      "Raise data.threads, which reads side by side, or data.read_ahead; or put the shards on a faster disk"
    case .network:
      "Raise data.threads; give data.cache room for the whole set, or copy the shards to a local disk"
    case .decompression: "Raise data.threads, now \(readerThreadCount), as far as there are cores"
    }
  }

  private func percent(_ share: Double) -> String { String(format: "%.1f %%", 100 * share) }

  private func rate(_ byteCount: Int, _ seconds: Double) -> String {
    seconds > 0 ? String(format: "%.0f MB/s", Double(byteCount) / seconds / 1e6) : "nothing"
  }
}
