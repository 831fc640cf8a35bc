import Foundation
import ReferenceLibraries
import Testing

@testable import WeightFiles

/// Files of hundreds of megabytes that PyTorch writes for the test, with random weights.
@Suite struct TorchReferenceTests {
  @Test(.enabled(if: ReferencePython.path != nil))
  func `every tensor of a whole model has PyTorch's checksum`() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let lines = try ReferencePython.run("torch_checksums.py", [folder.path]).split(separator: "\n")
    var found: [String: Set<String>] = [:]
    var files: [String: any WeightFile] = [:]
    for line in lines {
      let fields = line.split(separator: " ").map(String.init)
      let (name, tensor) = (fields[0], fields[1])
      let file = try files[name] ?? WeightFiles.open(folder.appendingPathComponent(name).path)
      files[name] = file
      found[name, default: []].insert(tensor)
      let shape = fields[3] == "-" ? [] : fields[3].split(separator: ",").compactMap { Int($0) }
      #expect(file.shapes[tensor] == shape, "\(name): \(tensor)")
      var sum = CRC32()
      try file.floats(tensor).withUnsafeBytes { sum.update($0) }
      #expect(String(sum.value) == fields[2], "\(name): \(tensor)")
    }
    #expect(files.count == 2)
    for (name, file) in files { #expect(Set(file.shapes.keys) == found[name]) }
  }
}
