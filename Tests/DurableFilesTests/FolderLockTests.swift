import DurableFiles
import Faults
import Foundation
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
