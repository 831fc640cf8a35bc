import Foundation

@testable import ShardBuilding

/// A fresh folder, removed after `body`.
func withFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("building-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder.path)
}

func write(_ text: String, to path: String) throws {
  let url = URL(fileURLWithPath: path)
  try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
  try Data(text.utf8).write(to: url)
}

/// Every file below a folder: relative path to bytes.
func contents(of folder: String) throws -> [String: Data] {
  var files: [String: Data] = [:]
  for name in try FileManager.default.subpathsOfDirectory(atPath: folder) {
    var isFolder: ObjCBool = false
    let path = folder + "/" + name
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue, name != ".lock" {
      files[name] = try Data(contentsOf: URL(fileURLWithPath: path))
    }
  }
  return files
}

/// One live to train on and one to test on, of three products each.
func smallWorld(seed: UInt64 = 3) throws -> DemoWorld {
  var configuration = DemoWorldConfiguration()
  configuration.seed = seed
  configuration.trainLiveCount = 1
  configuration.testLiveCount = 1
  configuration.trainProductCount = 3
  configuration.testProductCount = 3
  configuration.trainClipCount = 2
  configuration.testClipCount = 1
  configuration.frameCount = 6
  configuration.side = 32
  return try DemoWorld(configuration: configuration)
}
