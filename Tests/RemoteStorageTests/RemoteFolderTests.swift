import Faults
import Foundation
import Testing
import Threads

@testable import RemoteStorage

@Suite(.enabled(if: FaultServer.isAvailable, "python3 is not here: no server to read from"), .timeLimit(.minutes(10)))
struct RemoteFolderTests {
  private let server = FaultServer.shared!

  @Test func partsAndWholesAreTheBytesOfTheFile() throws {
    let bytes = server.put("whole.bin", 300_000)
    let folder = try server.folder("ok,key=parts")
    #expect(try folder.contents(of: "whole.bin", limit: 300_000) == bytes)
    #expect(try folder.byteCount(of: "whole.bin") == 300_000)
    let shard = try folder.open("whole.bin")
    #expect(shard.byteCount == 300_000 && shard.path == server.location("ok,key=parts/whole.bin"))
    for range in [0..<1, 0..<300_000, 299_999..<300_000, 1_000..<70_000, 5..<5] {
      #expect(try shard.bytes(range) == Array(bytes[range]))
    }
    // One connection was enough, and every part was asked for with what the object was when it was opened.
    let requests = try server.requests("parts")
    #expect(Set(requests.map(\.connection)).count == 1)
    #expect(requests.contains { $0.range == "bytes=1000-69999" && $0.ifMatch == "\"first\"" })
  }

  @Test func anEmptyFileIsEmpty() throws {
    _ = server.put("empty.bin", 0)
    let folder = try server.folder("ok")
    #expect(try folder.contents(of: "empty.bin", limit: 0).isEmpty)
    #expect(try folder.byteCount(of: "empty.bin") == 0)
  }

  @Test func whatDoesNotFitIsRefused() throws {
    _ = server.put("large.bin", 5_000)
    let folder = try server.folder("ok")
    let tooLarge = fault { _ = try folder.contents(of: "large.bin", limit: 4_999) }
    #expect(tooLarge.code == .badData && tooLarge.what == "The file has 5000 bytes, more than the limit of 4999")
    let noLength = try server.folder("nolength")
    #expect(fault { _ = try noLength.contents(of: "large.bin", limit: 4_999) }.code == .badData)
    #expect(try noLength.contents(of: "large.bin", limit: 5_000).count == 5_000)
    let shard = try folder.open("large.bin")
    #expect(fault { _ = try shard.bytes(4_000..<5_001) }.what == "The file ends early: expected 1001 bytes, found 1000")
  }

  @Test(
    arguments: [
      "status=503", "status=500", "status=502", "status=504", "status=429,retry-after=1", "reset", "cut=1000",
      "stall=1000", "length=-7", "length=7", "shift=3", "mislabel", "short-total",
    ])
  func aFaultThatPassesIsNotNoticed(options: String) throws {
    let bytes = server.put("part.bin", 100_000)
    let key = "passing-" + options.replacing("=", with: "-").replacing(",", with: "-")
    let opened = try server.folder("\(options),times=0,key=\(key)").open("part.bin") as! RemoteObject
    // The same object at an address whose first two requests go wrong.
    let folder = try server.folder("\(options),times=2,key=\(key)-faulty")
    let shard = RemoteObject(
      folder.objects, name: "part.bin", byteCount: opened.byteCount, validator: Validator(.entityTag, "\"first\""))
    if options == "short-total" {
      // Another size than before is another object: that is not tried again.
      #expect(fault { _ = try shard.bytes(500..<50_500) }.code == .badData)
      return
    }
    #expect(try shard.bytes(500..<50_500) == Array(bytes[500..<50_500]))
    #expect(folder.networkUsage.retryCount == 2 && folder.networkUsage.requestCount == 3)
    #expect(folder.networkUsage.byteCount >= 50_000 && folder.networkUsage.bytesPerSecond > 0)
  }

  @Test(
    arguments: [
      ("status=503", "The server is too busy (503), after 4 tries"),
      ("status=500", "The server answers with status 500, after 4 tries"),
      ("reset", "after 4 tries"), ("cut=0", "after 4 tries"),
      ("shift=3", "Asked for bytes 10–19, the server sends 13–22, after 3 tries"),
      ("length=-7", "Asked for bytes 10–19, the server sends 10–12, after 3 tries"),
      ("mislabel", "Asked for bytes 10–19, the server sends 11–20, after 3 tries"),
      ("encoded", "The server sends the object encoded as 'gzip'"),
      ("norange", "The server sends whole files only, no parts (Range)"),
    ])
  func aFaultThatStaysIsToldOnce(options: String, text: String) throws {
    _ = server.put("stays.bin", 1_000)
    let folder = try server.folder(options)
    let shard = RemoteObject(folder.objects, name: "stays.bin", byteCount: 1_000, validator: nil)
    let fault = fault { _ = try shard.bytes(10..<20) }
    #expect(fault.code == .remoteUnavailable && fault.what.hasSuffix(text), "\(fault)")
    #expect(fault.place == server.location("\(options)/stays.bin"))
  }

  @Test(
    arguments: [
      (404, ExitCode.inputMissing), (410, .inputMissing), (401, .permission), (403, .permission),
      (400, .remoteUnavailable), (418, .remoteUnavailable),
    ])
  func aRefusalIsNotTriedAgain(status: Int, code: ExitCode) throws {
    let folder = try server.folder("status=\(status)")
    let fault = fault { _ = try folder.open("any.bin") }
    #expect(fault.code == code && fault.what.contains("\(status)"), "\(fault)")
    #expect(folder.networkUsage.requestCount == 1 && folder.networkUsage.retryCount == 0)
  }

  @Test func aServerThatIsNotThereIsUnavailable() throws {
    // Port 9 of loopback: nobody listens, and the proxy of the environment is not asked.
    let folder = try ShardLocation.storage(for: "http://127.0.0.1:9/set", settings: .quick)
    let fault = fault { _ = try folder.open("a.bin") }
    #expect(fault.code == .remoteUnavailable && fault.what.hasSuffix("after 4 tries"), "\(fault)")
  }

  @Test func aCutBodyIsGoneOnWith() throws {
    let bytes = server.put("long.bin", 100_000)
    let folder = try server.folder("cut=30000,times=2,key=goes-on")
    #expect(try folder.contents(of: "long.bin", limit: 1 << 20) == bytes)
    let requests = try server.requests("goes-on")
    #expect(requests.map(\.range) == [nil, "bytes=30000-", "bytes=60000-"])
    #expect(requests.map(\.ifMatch) == [nil, "\"first\"", "\"first\""])
  }

  @Test func whatCannotBeRecognisedIsReadAnew() throws {
    let bytes = server.put("bare.bin", 50_000)
    let folder = try server.folder("bare,cut=30000,times=1,key=anew")
    #expect(try folder.contents(of: "bare.bin", limit: 1 << 20) == bytes)
    #expect(try server.requests("anew").map(\.range) == [nil, nil])
  }

  @Test(arguments: ["", "noetag,", "weak,"])
  func anObjectThatChangesWhileOpenIsNoticed(options: String) throws {
    let bytes = server.put("changing.bin", 10_000)
    let key = "changes-\(options.dropLast())"
    let shard = try server.folder("\(options)change=2,key=\(key)").open("changing.bin")
    #expect(try shard.bytes(0..<100) == Array(bytes[..<100]))
    let fault = fault { _ = try shard.bytes(0..<100) }
    #expect(fault.code == .badData && fault.what == "The object was replaced while it was read", "\(fault)")
    let last = try #require(try server.requests(key).last)
    #expect(options == "noetag," ? last.ifUnmodifiedSince != nil : last.ifUnmodifiedSince == nil)
  }

  @Test func anObjectThatChangesBetweenTwoTriesIsReadAnew() throws {
    let bytes = server.put("replaced.bin", 60_000)
    // The first response is cut, and the object is replaced before the second.
    let folder = try server.folder("cut=20000,times=1,change=1,key=replaced")
    #expect(try folder.contents(of: "replaced.bin", limit: 1 << 20) == bytes.map { $0 ^ 0x55 })
    #expect(try server.requests("replaced").map(\.range) == [nil, "bytes=20000-", nil])
  }

  @Test func redirectionsAreFollowedWhereTheyMayLead() throws {
    let bytes = server.put("moved.bin", 1_000)
    for status in [301, 302, 307, 308] {
      #expect(try server.folder("redirect=\(status)").contents(of: "moved.bin", limit: 1_000) == bytes)
    }
    let loop = fault { _ = try server.folder("redirect=302,to=~redirect=302,to=x").contents(of: "x", limit: 9) }
    #expect(loop.code == .inputMissing || loop.what == "More than 5 redirections")
    let plain = try server.folder("redirect=302,to=http:~~192.0.2.1~x")
    let away = fault { _ = try plain.contents(of: "moved.bin", limit: 1_000) }
    #expect(away.code == .remoteUnavailable && away.what.hasPrefix("The server redirects where it must not"), "\(away)")
    let local = try server.folder("redirect=302,to=file:~~~etc~passwd")
    let file = fault { _ = try local.contents(of: "moved.bin", limit: 99) }
    #expect(file.what.hasPrefix("The server redirects where it must not"), "\(file)")
  }

  @Test func manyThreadsReadAtATime() throws {
    let bytes = server.put("many.bin", 200_000)
    let folder = try server.folder("ok")
    let shard = try folder.open("many.bin")
    let results = Results()
    let threads = (0..<8).compactMap { thread in
      WorkerThread {
        for step in 0..<20 {
          let start = (thread * 20 + step) * 1_000
          let right = (try? shard.bytes(start..<start + 1_000)) == Array(bytes[start..<start + 1_000])
          results.add(right)
        }
      }
    }
    for thread in threads { thread.join() }
    #expect(results.all == [Bool](repeating: true, count: 160))
    let usage = folder.networkUsage
    #expect(usage.byteCount == 160_001 && usage.requestCount == 161)
    #expect(usage.requestSeconds >= usage.busySeconds && usage.busySeconds > 0)
  }

  @Test func everyNewTryIsTold() throws {
    _ = server.put("told.bin", 10)
    let notes = Notes()
    var settings = RemoteSettings.quick
    settings.notice = { notes.add($0) }
    _ = try server.folder("status=503,times=1", settings).contents(of: "told.bin", limit: 10)
    let address = server.location("status=503,times=1/told.bin")
    #expect(notes.all == ["\(address): The server is too busy (503); try 2 of 4 follows"])
  }
}
