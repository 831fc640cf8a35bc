import Collectives
import DurableFiles
import Faults
import Foundation
import Glibc
import ShardFormat
import WorkerProcesses

extension ShardBuilder {
  /// Entries that are encoded for an estimate.
  public static let probeCount = 200

  /// What the whole of `catalog` would take in `folder`, which need not exist.
  public func estimate(
    _ catalog: any SampleCatalog, for folder: String, on communicator: any Communicator = SoloCommunicator(),
    options: BuildOptions
  ) throws -> BuildEstimate {
    try estimate(catalog, entryCount: catalog.count, for: folder, on: communicator, options: options)
  }

  /// What `entryCount` of the catalog's entries would take, from `probeCount` at even spacing, shared by the ranks.
  ///
  /// Throws an `AgreedFault`: what is wrong with the source, and `.badData` where no probe can be read.
  func estimate(
    _ catalog: any SampleCatalog, entryCount: Int, for folder: String, on communicator: any Communicator,
    options: BuildOptions
  ) throws -> BuildEstimate {
    let own = try communicator.together { () -> [UInt8] in
      guard catalog.count > 0 else { throw Fault(.badData, "No samples") }
      let count = min(ShardBuilder.probeCount, catalog.count)
      let probes = stride(from: communicator.rank, to: count, by: communicator.rankCount).map {
        $0 * catalog.count / count
      }
      var probe = try self.probe(catalog, probes, threadCount: options.threadCount)
      if communicator.isLeader { probe.picturesPerSample = try picturesPerSample(catalog, options.threadCount) }
      probe.threadCount = options.threadCount
      return Array(try JSONEncoder().encode(probe))
    }
    let parts = try communicator.allGather(own)
    return try communicator.together {
      let probes = try parts.map { try JSONDecoder().decode(Probe.self, from: Data($0)) }
      let readCount = probes.reduce(0) { $0 + $1.readCount }
      let probedCount = probes.reduce(0) { $0 + $1.probedCount }
      guard readCount > 0 else {
        throw Fault(.badData, "Not one of \(probedCount) probed samples could be read: \(probes[0].firstFault ?? "")")
      }
      func mean(_ value: (Probe) -> Double) -> Double { probes.reduce(0) { $0 + value($1) } / Double(readCount) }
      return BuildEstimate(
        entryCount: entryCount, probedCount: probedCount, rejectedCount: probedCount - readCount,
        sampleByteCount: mean { Double($0.sampleByteCount) }, pictureByteCount: mean { Double($0.pictureByteCount) },
        picturesPerSample: probes[0].picturesPerSample, secondsPerEntry: mean(\.seconds),
        threadCount: probes.reduce(0) { $0 + $1.threadCount },
        decoderMemoryByteCount: probes.map(\.decoderMemoryByteCount).max() ?? 0,
        processMemoryByteCount: probes.map(\.processMemoryByteCount).max() ?? 0, rankCount: communicator.rankCount,
        folder: folder, freeByteCount: try ShardBuilder.freeByteCount(for: folder))
    }
  }

  /// What one rank found out.
  private struct Probe: Codable {
    var probedCount = 0
    var readCount = 0
    var sampleByteCount = 0
    var pictureByteCount = 0
    var seconds = 0.0
    var picturesPerSample = 1.0
    var threadCount = 1
    var decoderMemoryByteCount = 0
    var processMemoryByteCount = 0
    var firstFault: String?
  }

  private struct ProbedSample: Sendable {
    var result: Result<EncodedSample, any Error>
    var seconds: Double
    var memoryByteCount: Int
  }

  private func probe(_ catalog: any SampleCatalog, _ indices: [Int], threadCount: Int) throws -> Probe {
    var probe = Probe()
    guard !indices.isEmpty else { return probe }
    var next = indices[...]
    try OrderedPipeline<Int, ProbedSample>.run(
      threadCount: min(threadCount, indices.count), next: { next.popFirst() },
      makeWork: {
        let encoding = Result { try self.makeEncoding(Cancellation()) }
        return { index in
          let start = ContinuousClock.now
          let result = Result { try encoding.get().encode(catalog.sample(at: index)) }
          return ProbedSample(
            result: result, seconds: (ContinuousClock.now - start) / .seconds(1),
            memoryByteCount: (try? encoding.get().peakMemoryByteCount) ?? 0)
        }
      },
      consume: { probed in
        probe.probedCount += 1
        probe.decoderMemoryByteCount = max(probe.decoderMemoryByteCount, probed.memoryByteCount)
        do {
          let sample = try probed.result.get()
          probe.readCount += 1
          probe.seconds += probed.seconds
          probe.sampleByteCount += sample.byteCount
          probe.pictureByteCount += sample.picture.byteCount
        } catch let bad as BadSample {
          if probe.firstFault == nil { probe.firstFault = "\(bad.naming)" }
        }
      })
    probe.processMemoryByteCount = ShardBuilder.peakMemory()
    return probe
  }

  /// The share of samples whose product picture is not that of another of their shard, in two shards of the source.
  private func picturesPerSample(_ catalog: any SampleCatalog, _ threadCount: Int) throws -> Double {
    let size = configuration.samplesPerShard
    let shardCount = (catalog.count + size - 1) / size
    var (sampleCount, pictureCount) = (0, 0)
    for shard in Set([shardCount / 3, 2 * shardCount / 3]).sorted() {
      let range = shard * size..<min(shard * size + size, catalog.count)
      var next = range
      var images = Set<String>()
      try OrderedPipeline<Int, Result<SampleSource, any Error>>.run(
        threadCount: threadCount, next: { next.popFirst() },
        work: { index in Result { try catalog.sample(at: index) } },
        consume: { result in
          do {
            let source = try result.get()
            images.insert("\(source.imageID)/\(source.image)")
            sampleCount += 1
          } catch is BadSample {}
        })
      pictureCount += images.count
    }
    return sampleCount > 0 ? Double(pictureCount) / Double(sampleCount) : 1
  }

  /// The greatest resident memory of this process so far.
  private static func peakMemory() -> Int {
    var usage = rusage()
    guard getrusage(Int32(RUSAGE_SELF.rawValue), &usage) == 0 else { return 0 }
    return usage.ru_maxrss * 1024
  }

  /// Free bytes where the folder is, or will be.
  private static func freeByteCount(for folder: String) throws -> Int {
    var path = folder
    while access(path, F_OK) != 0, path != "." { path = DurableFile.split(path).folder }
    return try DurableFile.freeByteCount(at: path)
  }
}
