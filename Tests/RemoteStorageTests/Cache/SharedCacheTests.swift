import DurableFiles
import Foundation
import Testing

@testable import RemoteStorage

/// Processes that share a cache folder, and die.
@Suite(.enabled(if: FaultServer.isAvailable, "python3 is not here: no server to read from"), .timeLimit(.minutes(10)))
struct SharedCacheTests {
  private let server = FaultServer.shared!
  private let folder = TemporaryFolder()

  private func probe(_ options: String, limit: Int, _ objects: [(name: String, bytes: [UInt8])]) throws -> Probe {
    try Probe(
      [server.location(options), folder.path, "\(limit)"]
        + objects.map { "\($0.name):\($0.bytes.count):\(String(XXH3.hash($0.bytes), radix: 16))" })
  }

  private var partByteCount: Int {
    let part = folder.names.first { $0.hasSuffix(".part") }
    let attributes = part.flatMap { try? FileManager.default.attributesOfItem(atPath: "\(folder.path)/\($0)") }
    return attributes?[.size] as? Int ?? 0
  }

  @Test func oneProcessFetchesAndAllRead() throws {
    let objects = (0..<3).map { ("shared-\($0).bin", server.put("shared-\($0).bin", 200_000)) }
    let probes = try (0..<4).map { _ in try probe("pace=50000,key=shared", limit: 1_000_000, objects) }
    for probe in probes {
      #expect(probe.finish() == 0)
      #expect(probe.output.contains("shared-0.bin ok\nshared-1.bin ok\nshared-2.bin ok"))
    }
    let requests = try server.requests("shared")
    #expect(requests.map(\.name).sorted() == ["shared-0.bin", "shared-1.bin", "shared-2.bin"])
    #expect(folder.names.count == 3)
  }

  @Test func whatAKilledProcessLeftIsGoneOnWith() throws {
    let bytes = server.put("killed.bin", 400_000)
    let first = try probe("pace=1000,key=killed", limit: 1_000_000, [("killed.bin", bytes)])
    #expect(Probe.wait { partByteCount >= 40_000 })
    // A second process waits for the first, which is killed.
    let second = try probe("ok,key=killed-second", limit: 1_000_000, [("killed.bin", bytes)])
    usleep(100_000)
    #expect(try server.requests("killed-second").isEmpty)
    first.kill()
    #expect(second.finish() == 0, "\(second.output)")
    let requests = try server.requests("killed-second")
    let start = requests.first?.range.flatMap { $0.dropFirst(6).split(separator: "-").first.flatMap { Int($0) } }
    #expect(requests.count == 1 && (start ?? 0) >= 40_000, "\(requests)")
    #expect(folder.names.count == 1 && folder.names.allSatisfy { !$0.hasSuffix(".part") })
  }

  @Test func processesThatNeedMoreThanFitsStayWithinTheLimit() throws {
    let objects = (0..<5).map { ("tight-\($0).bin", server.put("tight-\($0).bin", 60_000)) }
    let limit = 150_000
    let probes = try (0..<3).map { number in
      try probe(
        "pace=20000,key=tight", limit: limit, Array(objects[number...] + objects[..<number]) + Array(objects.reversed())
      )
    }
    var largest = 0
    while probes.contains(where: { $0.isRunning }) {
      let sizes = folder.names.compactMap {
        (try? FileManager.default.attributesOfItem(atPath: "\(folder.path)/\($0)"))?[.size] as? Int
      }
      largest = max(largest, sizes.reduce(0, +))
      usleep(2_000)
    }
    for probe in probes { #expect(probe.finish() == 0, "\(probe.output)") }
    #expect(largest <= limit && largest >= 60_000)
    #expect(folder.names.allSatisfy { !$0.hasSuffix(".part") })
  }

  @Test func aProcessThatIsKilledAgainAndAgainArrives() throws {
    let objects = (0..<2).map { ("again-\($0).bin", server.put("again-\($0).bin", 150_000)) }
    var ends = 0
    for milliseconds in [15, 40, 70, 100, 130, 160, 200, 250] {
      let probe = try probe("pace=10000,key=again", limit: 200_000, objects)
      usleep(UInt32(milliseconds * 1_000))
      if !probe.isRunning { ends += 1 }
      probe.kill()
    }
    let last = try probe("ok", limit: 200_000, objects)
    #expect(last.finish() == 0, "\(last.output), \(ends) came to their end")
    #expect(folder.names.count == 1)
  }
}
