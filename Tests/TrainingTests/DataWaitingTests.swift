import DataLoading
import Foundation
import Testing

@testable import Training

@Suite struct DataWaitingTests {
  /// A minute of two threads that read 3 GB in 20 s and decompressed 10 GB in 80 s, for which steps waited 9 s.
  private var waiting: DataWaiting {
    var statistics = LoaderStatistics()
    statistics.waitSeconds = 9
    statistics.readSeconds = 20
    statistics.readByteCount = 3_000_000_000
    statistics.decodeSeconds = 80
    statistics.decodedByteCount = 10_000_000_000
    return DataWaiting(statistics, seconds: 60, readerThreadCount: 2)
  }

  @Test func decompressionIsNamedWithItsFigures() {
    let line = waiting.line(rank: 3, rankCount: 8)
    #expect(waiting.share == 0.15)
    #expect(line.hasPrefix("waiting for data took 15.0 % of the last 1 min 00 s on rank 3: decompression is slow"))
    #expect(line.contains("2 reader thread(s) spent 16.7 % of their time reading (150 MB/s)"))
    #expect(line.contains("66.7 % decompressing (125 MB/s of pictures)"))
    #expect(line.contains("Raise data.threads, now 2"))
    #expect(!line.contains("network"))
  }

  @Test func diskAndNetworkAreToldApart() {
    var slow = waiting
    slow.readSeconds = 100
    #expect(slow.cause == .disk)
    #expect(slow.line(rank: 0, rankCount: 1).contains("of the last 1 min 00 s: the disk is slow"))
    slow.networkByteCount = 3_000_000_000
    slow.networkSeconds = 50
    #expect(slow.cause == .network)
    let line = slow.line(rank: 0, rankCount: 1)
    #expect(line.contains("the network is slow") && line.contains("the network gave 60 MB/s"))
    #expect(line.contains("data.cache"))
    // What is in the cache by now does not hold anything up.
    slow.readSeconds = 1
    #expect(slow.cause == .decompression)
  }

  @Test func aReportThatTravelsIsTheSame() throws {
    #expect(try JSONDecoder().decode(DataWaiting.self, from: JSONEncoder().encode(waiting)) == waiting)
  }

  @Test func nothingReadIsNoRate() {
    let idle = DataWaiting(LoaderStatistics(), seconds: 0, readerThreadCount: 1)
    #expect(idle.share == 0)
    #expect(idle.line(rank: 0, rankCount: 1).contains("reading (nothing)"))
  }
}
