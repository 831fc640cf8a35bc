import DurableFiles
import Faults
import Foundation
import Synchronization
import Testing

@Suite struct FolderLockTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func theSecondIsRefusedAndToldWhoHoldsIt() throws {
    let lock = try FolderLock(folder: folder.path)
    let fault = try #require(throws: Fault.self) { try FolderLock(folder: folder.path) }
    #expect(fault.code == .outputUnavailable)
    #expect(fault.what.contains("pid \(getpid())"))
    #expect(fault.what.contains("host "))
    lock.release()
    lock.release()
    let next = try FolderLock(folder: folder.path)
    next.release()
    #expect(try folder.names().isEmpty)
  }

  @Test func aLeftoverFileBlocksNobody() throws {
    try DurableFile.write(Array("host dead\npid 1\n".utf8), to: folder.path + "/.lock")
    let lock = try FolderLock(folder: folder.path)
    #expect(throws: Fault.self) { try FolderLock(folder: folder.path) }
    lock.release()
  }

  @Test func theSecondWaitsForTheFirstToEnd() async throws {
    let path = folder.path
    let first = Mutex<FolderLock?>(try FolderLock(folder: path))
    var told: [Fault] = []
    let second = try FolderLock(folder: path, patience: 60) { fault in
      told.append(fault)
      first.withLock { $0 = nil }
    }
    #expect(told.count == 1)
    #expect(told.first?.what.contains("pid \(getpid())") == true)
    second.release()
  }

  @Test func patienceEnds() throws {
    let first = try FolderLock(folder: folder.path)
    var toldCount = 0
    let fault = #expect(throws: Fault.self) {
      try FolderLock(folder: folder.path, patience: 0.2) { _ in toldCount += 1 }
    }
    #expect(fault?.code == .outputUnavailable)
    #expect(toldCount == 1)
    first.release()
  }

  /// What an earlier version or a person left there says nothing and blocks nobody.
  @Test(arguments: [0, 3, 4096]) func aLeftoverOfAnyTextIsOverwritten(byteCount: Int) throws {
    try DurableFile.write([UInt8](repeating: 0xFF, count: byteCount), to: folder.path + "/.lock")
    let lock = try FolderLock(folder: folder.path)
    let text = try String(contentsOfFile: folder.path + "/.lock", encoding: .utf8)
    #expect(text.hasPrefix("host "))
    #expect(text.split(separator: "\n").count == 3)
    lock.release()
  }

  @Test func aMissingFolderIsAFault() {
    #expect(throws: Fault.self) { try FolderLock(folder: folder.path + "/none") }
  }

  /// Many threads fight for one lock: never two holders, and nobody locks a file that was removed.
  @Test func neverTwoHolders() async throws {
    let path = folder.path
    let inside = Counter()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask {
          for _ in 0..<200 {
            guard let lock = try? FolderLock(folder: path) else { continue }
            #expect(inside.add(1) == 1)
            _ = inside.add(-1)
            lock.release()
          }
        }
      }
    }
  }
}

private final class Counter: @unchecked Sendable {
  private let lock = NSLock()
  private var value = 0

  func add(_ change: Int) -> Int {
    lock.withLock {
      value += change
      return value
    }
  }
}
