import Faults
import Foundation
import Testing

@testable import Training

@Suite struct RunStateTests {
  /// A key that came later has its default where a checkpoint does not state it; what a checkpoint states is kept.
  @Test func aStateOfAnEarlierVersionLacksKeys() throws {
    let tiny = try TinyRun()
    var configuration = tiny.configuration
    configuration.checkpoint.every = 77
    configuration.checkpoint.asynchronous = false
    let state = try tiny.trainer(configuration, out: "run").state
    var fields = try #require(JSONSerialization.jsonObject(with: Data(state.encoded())) as? [String: Any])
    var settings = try #require(fields["configuration"] as? [String: Any])
    var group = try #require(settings["checkpoint"] as? [String: Any])
    group["asynchronous"] = nil
    settings["checkpoint"] = group
    settings["safety"] = nil
    fields["configuration"] = settings
    let read = try RunState.decoded([UInt8](JSONSerialization.data(withJSONObject: fields)), path: "old")
    configuration.checkpoint.asynchronous = true
    #expect(read.configuration == configuration)
  }

  @Test func whatIsNoObjectOfAStateIsRefused() throws {
    for text in ["", "[]", "{}", "{\"step\":1}", "{\"configuration\":7}"] {
      let fault = #expect(throws: Fault.self) { try RunState.decoded(Array(text.utf8), path: "state.json") }
      #expect(fault?.code == .configuration && fault?.place == "state.json")
    }
  }

  private var state: RunState {
    var state = RunState(
      step: 12, epoch: 1, positionInEpoch: 8, rankCount: 2, shardsFingerprint: "1f", pairCount: 24,
      configuration: RunConfiguration())
    state.replacedSamples = [3, 5]
    state.best = RunState.Best(step: 6, recall: 0.5)
    return state
  }

  /// The fault of a state whose text has `new` where it had `old`.
  private func fault(_ old: String, _ new: String) throws -> Fault {
    let text = String(decoding: try state.encoded(), as: UTF8.self)
    #expect(text.contains(old), "\(old) in \(text)")
    let bytes = Array(text.replacing(old, with: new).utf8)
    return try #require(throws: Fault.self) { _ = try RunState.decoded(bytes, path: "state.json") }
  }

  @Test func whatIsWrittenIsReadAgain() throws {
    #expect(try RunState.decoded(state.encoded(), path: "state.json") == state)
  }

  @Test(arguments: [
    ("\"step\" : 12", "\"step\" : -1"), ("\"step\" : 12", "\"step\" : 4611686018427387904"),
    ("\"epoch\" : 1", "\"epoch\" : -1"), ("\"positionInEpoch\" : 8", "\"positionInEpoch\" : -8"),
    ("\"pairCount\" : 24", "\"pairCount\" : -24"), ("\"rankCount\" : 2", "\"rankCount\" : 0"),
    ("\"shardsFingerprint\" : \"1f\"", "\"shardsFingerprint\" : \"../x\""), ("    3,\n    5", "    5,\n    3"),
    ("    3,\n    5", "    -3,\n    5"), ("\"recall\" : 0.5", "\"recall\" : 7"), ("\"step\" : 6", "\"step\" : 13"),
    ("\"skippedSteps\" : 0", "\"skippedSteps\" : 13"), ("\"skippedSteps\" : 0", "\"skippedSteps\" : -1"),
  ])
  func numbersThatNoRunWritesAreRefused(_ old: String, _ new: String) throws {
    let fault = try fault(old, new)
    #expect(fault.code == .configuration && fault.place == "state.json", "\(fault)")
  }

  @Test func whatIsNoStateIsRefused() throws {
    #expect(try fault("\"step\" : 12", "\"step\" : 1e300").code == .configuration)
    #expect(try fault("\"step\" : 12", "\"step\" : 99999999999999999999").code == .configuration)
    let deep = Array(repeating: UInt8(ascii: "["), count: 100_000)
    for bytes in [[], deep, Array("null".utf8), Array("{\"step\":".utf8) + deep] {
      let fault = #expect(throws: Fault.self) { _ = try RunState.decoded(bytes, path: "state.json") }
      #expect(fault?.code == .configuration)
    }
  }

  @Test func aMillionReplacedSamplesAreRead() throws {
    var large = state
    large.replacedSamples = Array(0..<1_000_000)
    let bytes = try large.encoded()
    #expect(bytes.count < RunState.byteLimit)
    #expect(try RunState.decoded(bytes, path: "state.json").replacedSamples.count == 1_000_000)
  }
}
