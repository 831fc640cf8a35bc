import CLinux
import Glibc

/// Phase, step and samples of a rank where other processes of its machine may read them, also while it is stopped.
///
/// Bytes that never move: a random mark, by which a reader knows that it reads the right thing, phase and step in one
/// word, and the samples, a line each, up to a byte 0.
// @unchecked: the bytes are written by one thread at a time (RankProgress writes with its lock held) and read by nobody
// in this process; a word is written as one.
final class VisiblePosition: @unchecked Sendable {
  fileprivate static let textOffset = 16
  fileprivate static let byteCount = 1_024

  private let bytes: UnsafeMutableRawPointer

  init() {
    bytes = .allocate(byteCount: Self.byteCount, alignment: 8)
    bytes.initializeMemory(as: UInt8.self, repeating: 0, count: Self.byteCount)
    bytes.storeBytes(of: .random(in: 1...UInt64.max), as: UInt64.self)
  }

  deinit { bytes.deallocate() }

  func set(_ phase: RankProgress.Phase, step: Int) {
    let word = UInt64(truncatingIfNeeded: step) << 8 | UInt64(phase.rawValue)
    bytes.storeBytes(of: word, toByteOffset: 8, as: UInt64.self)
  }

  func set(samples: [String]) {
    let text = Array(samples.joined(separator: "\n").utf8.prefix(Self.byteCount - Self.textOffset - 1)) + [0]
    (bytes + Self.textOffset).copyMemory(from: text, byteCount: text.count)
  }

  /// Where others find it.
  var place: Place { Place(address: UInt64(UInt(bitPattern: bytes)), mark: bytes.load(as: UInt64.self)) }

  struct Place: Sendable, Equatable {
    var address: UInt64
    var mark: UInt64
  }

  struct Reading: Sendable, Equatable {
    var phase: RankProgress.Phase
    var step: Int
    var samples: [String]
  }
}

extension VisiblePosition.Place {
  /// What process `id` of this machine is at; nil where it may not be read, or holds something else there.
  func read(process id: Int32) -> VisiblePosition.Reading? {
    var bytes = [UInt8](repeating: 0, count: VisiblePosition.byteCount)
    guard sgmn_read_process(id, address, &bytes, UInt(bytes.count)) == bytes.count else { return nil }
    let words = bytes.withUnsafeBytes { ($0.load(as: UInt64.self), $0.load(fromByteOffset: 8, as: UInt64.self)) }
    guard words.0 == mark, let phase = RankProgress.Phase(rawValue: UInt8(truncatingIfNeeded: words.1)) else {
      return nil
    }
    let text = bytes.dropFirst(VisiblePosition.textOffset).prefix { $0 != 0 }
    return VisiblePosition.Reading(
      phase: phase, step: Int(words.1 >> 8),
      samples: String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init))
  }
}
