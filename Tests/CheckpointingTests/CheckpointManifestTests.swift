import DurableFiles
import Faults
import Foundation
import Testing

@testable import Checkpointing

@Suite struct CheckpointManifestTests {
  private let temporary: TemporaryFolder
  private let store: CheckpointStore

  init() throws {
    temporary = try TemporaryFolder()
    store = CheckpointStore(folder: temporary.path)
    for step in [10, 20] { try store.save(step: step) { try $0.write([UInt8(step)], to: "state.bin") } }
  }

  /// Among them the bits of the format's number: damage never passes for a later version.
  @Test func everyFlippedBitAndEveryCutIsDamage() throws {
    let path = "\(temporary.path)/step-00000020/manifest.json"
    let whole = try FileReader.contents(of: path, limit: 1 << 16)
    func expectDamage(_ bytes: [UInt8], _ what: String) throws {
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      let fault = #expect(throws: Fault.self) {
        try CheckpointManifest.read(folder: "\(temporary.path)/step-00000020")
      }
      #expect(fault?.code == .badData, "\(what): \(fault.map { "\($0)" } ?? "read")")
    }
    for byte in whole.indices {
      try expectDamage(Array(whole[..<byte]), "cut at \(byte)")
      for bit in 0..<8 {
        var bytes = whole
        bytes[byte] ^= 1 << UInt8(bit)
        try expectDamage(bytes, "bit \(bit) of byte \(byte)")
      }
    }
  }

  /// What was wrong before it was hashed, no checksum finds.
  @Test func aTensorFileThatIsNoneIsPassedOver() throws {
    try store.save(step: 30) { try $0.write([UInt8](repeating: 0x7B, count: 64), to: "model.safetensors") }
    var warnings: [String] = []
    #expect(try store.loadLatest { warnings.append($0) }?.step == 20)
    #expect(warnings.count == 1 && warnings[0].contains("step-00000030/model.safetensors"))
  }
}
