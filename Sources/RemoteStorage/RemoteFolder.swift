import Faults
import ShardFormat

/// The files below a URL prefix: whole ones, and parts of them by ranged reads.
///
/// Reading blocks the calling thread, and may be done from any number of threads: each request has a connection of its
/// own, which stays open for the next.
public final class RemoteFolder: ShardStorage, NetworkMeasuring {
  let objects: RemoteObjects

  init(_ objects: RemoteObjects) { self.objects = objects }

  public var location: String { objects.origin.location }

  public var networkUsage: NetworkUsage { objects.network.usage }

  public func contents(of name: String, limit: Int) throws -> [UInt8] {
    let consumer = ArrayConsumer()
    try objects.run(ObjectTransfer(limit: limit, into: consumer), of: FileName.checked(name))
    return consumer.bytes
  }

  public func open(_ name: String) throws -> any ShardBytes {
    let probe = try objects.probe(FileName.checked(name))
    guard probe.sendsParts else {
      throw Fault(
        .remoteUnavailable, "The server sends whole files only, no parts (Range)",
        at: objects.origin.address(of: name), remedy: "Read through a cache folder, which takes whole shards")
    }
    return RemoteObject(objects, name: name, byteCount: probe.byteCount ?? 0, validator: probe.validator)
  }

  public func byteCount(of name: String) throws -> Int { try objects.probe(FileName.checked(name)).byteCount ?? 0 }
}
