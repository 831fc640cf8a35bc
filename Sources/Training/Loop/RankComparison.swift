import Collectives
import DurableFiles
import Faults
import NeuralNetworks

/// Whether all ranks hold the same weights, bit for bit.
enum RankComparison {
  /// Throws the same fault on every rank where one differs, naming the ranks that are not with the majority.
  static func compare(_ arena: ParameterArena, step: Int, over communicator: any Communicator) throws {
    let hasher = XXH3.Hasher()
    arena.values.forEachHostPiece { hasher.update($0) }
    try arena.values.backend.throwIfFailed()
    let hashes = try communicator.allGather(hasher.digest)
    guard let fault = fault(of: hashes, step: step) else { return }
    throw AgreedFault(fault: fault, rank: 0)
  }

  /// Throws the same fault on every rank where one has another configuration or other training shards than rank 0:
  /// it would leave the loop alone, or train on other data.
  static func compare(_ state: RunState, over communicator: any Communicator) throws {
    let hashes = try communicator.allGather(XXH3.hash(state.encoded()))
    guard let rank = hashes.firstIndex(where: { $0 != hashes[0] }) else { return }
    throw AgreedFault(
      fault: Fault(
        .configuration, "Rank \(rank) has another configuration or other training shards than rank 0",
        remedy: "Give every machine the same configuration file and the same copy of the shards"), rank: rank)
  }

  /// Throws the same fault on every rank where one encodes texts with another encoder than rank 0: its gradients would be
  /// of other texts, and nothing would show it.
  static func compare(textEncoder name: String?, over communicator: any Communicator) throws {
    let names = try communicator.allGather([UInt8]((name ?? "").utf8))
    guard let rank = names.firstIndex(where: { $0 != names[0] }) else { return }
    let text = { (rank: Int) in String(decoding: names[rank], as: UTF8.self) }
    throw AgreedFault(
      fault: Fault(
        .ranksDiverged, "Rank \(rank) encodes texts with \(text(rank)), rank 0 with \(text(0))",
        remedy: "Give every machine the same copy of data.text_encoder"), rank: rank)
  }

  /// nil where all are alike. Of two ranks that differ nobody can say which one is wrong: rank 0 counts as right.
  static func fault(of hashes: [UInt64], step: Int) -> Fault? {
    guard let majority = Majority.value(of: hashes), hashes.contains(where: { $0 != majority }) else { return nil }
    let odd = hashes.indices.filter { hashes[$0] != majority }.map(String.init)
    return Fault(
      .ranksDiverged,
      "After step \(step) the weights of rank \(odd.joined(separator: ", ")) are not those of the others",
      remedy: "Check the memory of that machine and start again: the run goes on from its last checkpoint")
  }
}
