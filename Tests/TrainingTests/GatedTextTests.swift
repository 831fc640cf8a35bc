import Collectives
import DataLoading
import Faults
import Foundation
import SGMNModel
import ShardFormat
import Testing

@testable import Training

/// The gated text filter reads the token features of the shards.
@Suite struct GatedTextTests {
  private func gated(_ tiny: TinyRun) -> RunConfiguration {
    var configuration = tiny.configuration
    configuration.model.textFilter = .gated
    configuration.model.textTokenDim = 6
    configuration.model.textGateHidden = 4
    return configuration
  }

  /// The gates learn, and a run that was stopped ends in the same bits.
  @Test func aGatedRunTrainsAndResumesBitwise() throws {
    let tiny = try TinyRun(tokenWidth: 6)
    let whole = try tiny.trainer(gated(tiny), out: "whole")
    let before = whole.arena.values.floats()
    #expect(try whole.run() == .done)
    let after = whole.arena.values.floats()
    for name in ["asr.gate_1.weight", "asr.gate_2.weight", "asr.value.weight", "title.gate_1.weight"] {
      let slot = try #require(whole.arena.entries.first { $0.name == name })
      #expect(Array(before[slot.range]) != Array(after[slot.range]), "\(name)")
    }
    var first: Trainer? = try tiny.trainer(gated(tiny), out: "cut")
    first?.stopAfterStep = 3
    #expect(try first?.run() == .stoppedWithCheckpoint)
    first = nil
    let second = try tiny.trainer(gated(tiny), out: "cut")
    #expect(try second.run() == .done)
    #expect(second.arena.values.floats() == after)
  }

  /// What the model gets is what the shards hold: padded to the longest text of the pairs, and no further.
  @Test func partsOfABatchArePaddedByThemselves() throws {
    let tiny = try TinyRun(tokenWidth: 6)
    let set = try ShardSet(folder: tiny.shards)
    let loader = try BatchLoader(
      set: set,
      configuration: LoaderConfiguration(pairsPerRank: 6, framesPerClip: 3, readsTokens: true, seed: 4))
    let batch = try loader.next()
    let samples = try batch.sampleNumbers.map { try set.read(at: $0, using: ShardDecoder()) }
    for pairs in [0..<6, 0..<2, 2..<6, 5..<6] {
      let part = PairBatch(batch, pairs: pairs, text: true)
      for (input, tokens) in [
        (part.title, samples[pairs].map(\.tokens.title)), (part.asr, samples[pairs].map(\.tokens.asr)),
      ] {
        let longest = tokens.reduce(0) { max($0, $1?.count ?? 0) }
        #expect(input.tokenMask.count == pairs.count * longest && input.tokens.count == pairs.count * longest * 6)
        for (pair, text) in tokens.enumerated() {
          let text = try #require(text)
          #expect((0..<longest).map { input.tokenMask[pair * longest + $0] } == (0..<longest).map { $0 < text.count })
          let own = input.tokens[(pair * longest * 6)..<((pair + 1) * longest * 6)]
          #expect(own.prefix(text.values.count).elementsEqual(text.values.map { Float($0) }))
          #expect(own.dropFirst(text.values.count).allSatisfy { $0 == 0 })
        }
      }
      #expect(PairBatch(batch, pairs: pairs, text: false).title.tokens.isEmpty)
    }
  }

  @Test func shardsThatDoNotFitTheFilterAreNamed() throws {
    func fault(_ tiny: TinyRun, _ change: (inout RunConfiguration) -> Void) throws -> Fault {
      var configuration = gated(tiny)
      change(&configuration)
      let error = try #require(throws: AgreedFault.self) {
        _ = try tiny.trainer(configuration, out: "run-\(UUID().uuidString)")
      }
      return error.fault
    }
    let none = try fault(TinyRun()) { _ in }
    #expect(none.code == .configuration)
    #expect(none.what == "model.text_filter gated needs token features, which these shards do not hold")
    #expect(none.remedy == "Add them with sgmn-shard embed --tokens, or set model.text_filter=linear")
    let tiny = try TinyRun(tokenWidth: 6)
    let other = try fault(tiny) { $0.model.textTokenDim = 7 }
    #expect(other.what == "The shards' token features are 6 wide, model.text_token_dim is 7")
    #expect(other.remedy == "Set model.text_token_dim=6")
    // The shards of an evaluation are asked before the run begins, as ever.
    let plain = try TinyRun()
    let evaluation = try fault(tiny) {
      $0.evaluation.every = 2
      $0.evaluation.shards = plain.shards
    }
    #expect(evaluation.what.contains("the shards hold none"))
    // A linear filter does not mind that there are features.
    var linear = tiny.configuration
    linear.schedule.steps = 1
    #expect(try tiny.trainer(linear, out: "linear").run() == .done)
  }
}
