import Faults
import ShardFormat

/// What a shard needs, by what is in the folder.
enum ShardWork {
  /// It is whole, and of these entries.
  case keep
  /// It is not there, or not right.
  case build
  /// It is whole, but some entries that it left out are to be tried again.
  case mend(ShardFile)

  /// - Parameter hash: of the source's entries for this shard; asked for only where there is a shard.
  static func needed(
    shard: Int, of plan: BuildPlan, in folder: BuildFolder, policy: ShardBuilder.BadSamplePolicy,
    retriesLeftOut: Bool, hash: () throws -> UInt64
  ) throws -> ShardWork {
    let file: ShardFile
    do {
      file = try ShardFile(folder: folder.path, number: shard, configuration: plan.configuration)
    } catch let fault as Fault where fault.code == .inputMissing || fault.code == .badData {
      return .build
    }
    guard try file.sourceHash == hash() else { return .build }
    if file.leftOut.isEmpty { return .keep }
    switch policy {
    case .fail: return .build  // so that the first bad sample stops the build, as it would have
    case .skip: return retriesLeftOut ? .mend(file) : .keep
    }
  }
}
