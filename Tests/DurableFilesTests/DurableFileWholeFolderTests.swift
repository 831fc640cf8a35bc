import Faults
import Foundation
import Testing

@testable import DurableFiles

@Suite final class DurableFileWholeFolderTests {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("whole-\(UUID())").path

  init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private func names(_ path: String = "") throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder + path).sorted()
  }

  @Test func theFolderAppearsWithItsFiles() throws {
    try DurableFile.createWholeFolder("\(folder)/out") { inside in
      try DurableFile.write([1, 2], to: "\(inside)/a")
      #expect(try names().count == 1 && !FileManager.default.fileExists(atPath: "\(folder)/out"))
      try DurableFile.write([3], to: "\(inside)/b")
    }
    #expect(try names() == ["out"] && names("/out") == ["a", "b"])
  }

  @Test func aFailureLeavesNothing() throws {
    struct Failure: Error {}
    #expect(throws: Failure.self) {
      try DurableFile.createWholeFolder("\(folder)/out") { inside in
        try DurableFile.write([1], to: "\(inside)/a")
        throw Failure()
      }
    }
    #expect(try names() == [])
  }

  /// What a killed process left is removed, whatever its process's number, and other folders' drafts are not.
  @Test func draftsOfTheDeadAreRemoved() throws {
    for name in [".out.tmp-\(getpid())", ".out.tmp-1-1/inner", ".other.tmp-1-1"] {
      try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
    }
    try Data([1]).write(to: URL(fileURLWithPath: "\(folder)/.out.tmp-1-1/inner/half"))
    try Data([1]).write(to: URL(fileURLWithPath: "\(folder)/.out.tmp-2-1"))  // a file: a writer's, not ours
    try DurableFile.createWholeFolder("\(folder)/out") { try DurableFile.write([1], to: "\($0)/a") }
    #expect(try names() == [".other.tmp-1-1", ".out.tmp-2-1", "out"])
  }

  /// Two make the same folder: neither touches the other's draft, and the first to end wins.
  @Test func draftsOfTheLivingAreUnharmed() throws {
    let fault = #expect(throws: Fault.self) {
      try DurableFile.createWholeFolder("\(folder)/out") { slow in
        try DurableFile.write([1], to: "\(slow)/slow")
        try DurableFile.createWholeFolder("\(folder)/out") { try DurableFile.write([2], to: "\($0)/fast") }
        #expect(try FileManager.default.contentsOfDirectory(atPath: slow) == ["slow"])
      }
    }
    #expect(fault?.code == .outputUnavailable && fault?.place == "\(folder)/out")
    #expect(try names() == ["out"] && names("/out") == ["fast"])
  }

  /// A parent that takes no draft is named by it.
  @Test func theFaultNamesTheDraft() throws {
    let fault = #expect(throws: Fault.self) {
      try DurableFile.createWholeFolder("\(folder)/none/out") { _ in }
    }
    #expect(fault?.place?.hasPrefix("\(folder)/none/.out.tmp-") == true)
  }

  @Test func whatIsThereStays() throws {
    try FileManager.default.createDirectory(atPath: "\(folder)/out", withIntermediateDirectories: true)
    for name in ["out", "none/out"] {
      let fault = #expect(throws: Fault.self) {
        try DurableFile.createWholeFolder("\(folder)/\(name)") { _ in Issue.record("nothing should be written") }
      }
      #expect(fault?.code == .outputUnavailable)
    }
    // An empty folder that appears meanwhile is not replaced either.
    let fault = #expect(throws: Fault.self) {
      try DurableFile.createWholeFolder("\(folder)/late") { _ in
        try FileManager.default.createDirectory(atPath: "\(folder)/late", withIntermediateDirectories: true)
      }
    }
    #expect(fault?.code == .outputUnavailable)
    #expect(try names() == ["late", "out"])
  }
}
