import Faults
import Foundation
import Testing
import WeightArchives

@testable import WeightFiles

/// The CRC-32 of a record, which many tensors may be views of.
@Suite struct StorageCheckTests {
  /// More than is read in one piece, so that views lie across its borders.
  private static let count = 5 << 19
  private static let views = [
    "start": 0..<10, "across": (1 << 20) - 5..<(1 << 20) + 5, "pieces": 1_000..<(2 << 20) + 1_000,
    "end": count - 10..<count,
  ]

  @Test(arguments: ["start", "across", "pieces", "end"])
  func `the first view checks the whole record and gets its part`(_ name: String) throws {
    let range = try #require(Self.views[name])
    let file = StorageCheckTests.file()
    let found = try withWeightFile(file) { path in
      let weights = try WeightFiles.open(path)
      return [try weights.floats(name), try weights.floats(name)]
    }
    let expected = range.map { Float($0) }
    #expect(found == [expected, expected])
    // Wherever the damage is, beside the view or in it.
    let record = try #require(file.firstRange(of: floatBytes([0, 1, 2, 3]))).lowerBound
    for place in [0, 4 * range.lowerBound, 4 * range.upperBound - 1, 4 * StorageCheckTests.count - 1] {
      var damaged = file
      damaged[record + place] ^= 0x10
      let told = try withWeightFile(damaged) { path -> String? in
        let weights = try WeightFiles.open(path)
        do { _ = try weights.floats(name) } catch let fault as Fault { return fault.what }
        return nil
      }
      #expect(told?.contains("The bytes are damaged") == true, "byte \(place)")
    }
  }

  /// What changes in the record afterwards shows that later views read their own bytes alone.
  @Test func `later views do not read the record again`() throws {
    let file = StorageCheckTests.file()
    let record = try #require(file.firstRange(of: floatBytes([0, 1, 2, 3]))).lowerBound
    let found = try withWeightFile(file) { path in
      let weights = try WeightFiles.open(path)
      _ = try weights.floats("start")
      let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
      try handle.seek(toOffset: UInt64(record + 4 * (1 << 20)))
      try handle.write(contentsOf: [0xFF])
      try handle.close()
      return try weights.floats("end")
    }
    #expect(found == Self.views["end"]?.map { Float($0) })
  }

  private static func file() -> [UInt8] {
    var draft = PickleDraft()
    draft.dictionary(views.keys.sorted()) { draft, name in
      let range = views[name] ?? 0..<0
      draft.tensor(key: "0", count: count, offset: range.lowerBound, shape: [range.count], strides: [1])
    }
    let numbers = [Float](unsafeUninitializedCapacity: count) { buffer, initializedCount in
      for index in 0..<count { buffer.initializeElement(at: index, to: Float(index)) }
      initializedCount = count
    }
    return TorchDraft(pickle: draft.ended(), records: [floatBytes(numbers)]).encoded()
  }
}
