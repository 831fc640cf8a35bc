import Checkpointing
import DurableFiles
import Foundation
import Randomness

/// What can become of the files of a checkpoint: cuts, and bits that flip.
enum Damage: CustomStringConvertible {
  /// The file ends before this byte.
  case cut(file: String, at: Int)
  case flip(file: String, byte: Int, bit: Int)

  static let files = ["manifest.json", "model.safetensors", "optimizer.safetensors", "state.json"]

  var description: String {
    switch self {
    case .cut(let file, let byte): "\(file) cut at byte \(byte)"
    case .flip(let file, let byte, let bit): "\(file): bit \(bit) of byte \(byte) flipped"
    }
  }

  var file: String {
    switch self {
    case .cut(let file, _), .flip(let file, _, _): file
    }
  }

  func applied(to bytes: Data) -> Data {
    var bytes = bytes
    switch self {
    case .cut(_, let count): bytes = bytes.prefix(count)
    case .flip(_, let byte, let bit): bytes[byte] ^= 1 << UInt8(bit)
    }
    return bytes
  }

  /// Cuts at every boundary of every file, and one byte to either side: start, header, tensors, end; of the manifest at
  /// every byte.
  static func cuts(_ folder: String) throws -> [Damage] {
    try files.flatMap { file in
      let count = try FileReader("\(folder)/\(file)").byteCount
      var places: Set<Int> = [0, 1, count / 2, count - 1]
      if file == "manifest.json" { places.formUnion(0..<count) }
      if file.hasSuffix(".safetensors") {
        let header = try header(of: "\(folder)/\(file)")
        let edges = try SafetensorsFile("\(folder)/\(file)").tensors.values.map { header + $0.range.lowerBound }
        for edge in edges + [8, header, count] { places.formUnion([edge - 1, edge, edge + 1]) }
      }
      return places.filter { (0..<count).contains($0) }.sorted().map { Damage.cut(file: file, at: $0) }
    }
  }

  /// Where the data of a safetensors file starts.
  private static func header(of path: String) throws -> Int {
    let length = try FileReader(path).read(at: 0, count: 8)
    return 8 + length.reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  /// So many places over all files, each file as often as any other.
  static func flips(_ folder: String, count: Int, seed: UInt64) throws -> [Damage] {
    var stream = RandomStream(seed: seed, "flips")
    let sizes = try files.map { try FileReader("\(folder)/\($0)").byteCount }
    return (0..<count).map { index in
      let file = index % files.count
      return .flip(
        file: files[file], byte: stream.integer(below: sizes[file]), bit: stream.integer(below: 8))
    }
  }
}
