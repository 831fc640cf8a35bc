import DurableFiles
import Faults
import Glibc
import Synchronization

/// Makes sure that entries are in a cache, fetching those that are not.
final class CacheFiller: Sendable {
  let folder: CacheFolder
  let expected = ExpectedObjects()
  private let objects: RemoteObjects
  private let usage = Mutex(CacheUsage())
  private static let checkTryCount = 2

  init(_ folder: CacheFolder, _ objects: RemoteObjects) {
    self.folder = folder
    self.objects = objects
  }

  var cacheUsage: CacheUsage {
    var usage = usage.withLock { $0 }
    usage.evictionCount = folder.evictions
    return usage
  }

  /// What an object is called in the cache. Where no index names it, the server is asked what it has.
  func entry(of name: String) throws -> CacheEntry {
    if let object = expected[name] {
      return CacheEntry(
        name: name, byteCount: object.byteCount, identity: object.identity, check: object.check)
    }
    let probe = try objects.probe(name)
    let address = objects.origin.address(of: name)
    guard let validator = probe.validator, let byteCount = probe.byteCount else {
      throw Fault(
        .remoteUnavailable, "The server tells neither ETag nor Last-Modified: a copy of the file cannot be recognised",
        at: address, remedy: "Read it without a cache")
    }
    let identity = "\(address)\n\(validator.kind.rawValue)\n\(validator.text)"
    return CacheEntry(name: name, byteCount: byteCount, identity: XXH3.hash(identity))
  }

  /// Returns when the file of `entry` is complete in the folder. One process fetches it; the others wait, and go on with
  /// it if that one dies.
  ///
  /// - Parameter isReader: whether a reader waits for it; its time is counted. If not, nothing is done where somebody else
  ///   fetches it already: processes that look ahead alike then fetch different shards.
  func fill(_ entry: CacheEntry, isReader: Bool, stop: StopFlag? = nil) throws {
    let start = monotonicSeconds()
    var waits = 0
    while true {
      switch try folder.admit(entry) {
      case .ready:
        if isReader { count(from: waits == 0 ? nil : start) { $0.hitCount += waits == 0 ? 1 : 0 } }
        return
      case .fetch(let part):
        try fetch(entry, into: part, stop)
        count(from: isReader ? start : nil) { $0.downloadCount += 1 }
        return
      case .busy where !isReader:
        return
      case .busy, .full:
        if stop?.isRaised == true { throw RequestFailure.stopped }
        usleep(UInt32(min(100_000, 2_000 << min(waits, 6))))
        waits += 1
      }
    }
  }

  private func count(from start: Double?, _ change: (inout CacheUsage) -> Void) {
    usage.withLock {
      change(&$0)
      if let start { $0.waitSeconds += monotonicSeconds() - start }
    }
  }

  private func fetch(_ entry: CacheEntry, into part: CachePart, _ stop: StopFlag?) throws {
    do {
      let found = try part.byteCount
      if entry.check == nil || found > entry.byteCount { try part.truncate() }
      var wrongCount = 0
      while true {
        let consumer = try CacheConsumer(part)
        let isWhole = consumer.position == 0
        let transfer = ObjectTransfer(
          position: consumer.position, end: entry.byteCount, total: entry.byteCount, into: consumer)
        if consumer.position < entry.byteCount { try objects.run(transfer, of: entry.name, stop: stop) }
        guard let fault = try CacheFiller.fault(of: part, entry) else { break }
        // Bytes of a dead process may be of another state of the object: only a whole download tells.
        if isWhole { wrongCount += 1 }
        try part.truncate()
        guard wrongCount < CacheFiller.checkTryCount else {
          throw Fault(
            .badData, "The shard is not the one that the index names: \(fault.what)",
            at: objects.origin.address(of: entry.name), remedy: "Upload the whole set again, the index last")
        }
      }
      try folder.finish(part, entry)
    } catch {
      if (try? part.byteCount) ?? 0 == 0 { folder.discard(part) }
      throw error
    }
  }

  /// What is wrong with the bytes of a complete part; nil if nothing is.
  private static func fault(of part: CachePart, _ entry: CacheEntry) throws -> Fault? {
    guard let check = entry.check else { return nil }
    do {
      try check(FileReader(part.path))
      return nil
    } catch let fault as Fault where fault.code == .badData {
      return fault
    }
  }
}
