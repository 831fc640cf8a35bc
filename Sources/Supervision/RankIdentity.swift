import Collectives
import Glibc

/// Which process a rank is.
public struct RankIdentity: Sendable, Equatable {
  public var host: String
  public var processID: Int32
  /// Where processes of its machine may read what it is at.
  var position: VisiblePosition.Place

  /// Those of all ranks, by rank. Collective.
  ///
  /// - Parameter progress: of this rank.
  public static func all(_ progress: RankProgress, over communicator: any Communicator) throws -> [RankIdentity] {
    let place = progress.visiblePosition.place
    let numbers = [UInt64(UInt32(bitPattern: getpid())), place.address, place.mark]
    let own = numbers.withUnsafeBytes { Array($0) } + Array(hostName().utf8)
    return try communicator.allGather(own).map { bytes in
      let numbers = bytes.withUnsafeBytes { bytes in
        (0..<3).map { bytes.loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self) }
      }
      return RankIdentity(
        host: String(decoding: bytes.dropFirst(24), as: UTF8.self),
        processID: Int32(bitPattern: UInt32(truncatingIfNeeded: numbers[0])),
        position: VisiblePosition.Place(address: numbers[1], mark: numbers[2]))
    }
  }
}
