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
