import CVectorKernels

/// What a baseline JPEG says before its one scan: the tables that the scan's planes are decoded by.
///
/// Only the plainest kind of file, which nearly all are: one scan of 4:2:0 in three components, 8 bits, no restarts.
/// Nothing is reported about others: libjpeg-turbo decodes them, or says what is wrong.
struct BaselineJPEG {
  private(set) var width = 0
  private(set) var height = 0
  /// Where the scan's data begin.
  private(set) var scanStart = 0
  /// Of luma and both colours: which codes for means and for the rest, and which quantisers.
  private(set) var components: [(identifier: UInt8, quantiser: Int, mean: Int, rest: Int)] = []
  /// The bytes of the tables of codes, for means (0 … 3) and for the rest (4 … 7): 16 counts, then 256 symbols.
  private(set) var codes = [[UInt8]](repeating: [], count: 8)
  private(set) var quantisers = [[Int16]](repeating: [], count: 4)

  init?(_ bytes: UnsafeBufferPointer<UInt8>) {
    var position = 2
    while position + 4 <= bytes.count {
      guard bytes[position] == 0xFF else { return nil }
      let marker = bytes[position + 1]
      let length = Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
      let end = position + 2 + length
      guard length >= 2, end <= bytes.count else { return nil }
      let segment = UnsafeBufferPointer(rebasing: bytes[position + 4..<end])
      switch marker {
      case 0xC0: guard readFrame(segment) else { return nil }
      case 0xC4: guard readCodes(segment) else { return nil }
      case 0xDB: guard readQuantisers(segment) else { return nil }
      case 0xDA:
        guard readScan(segment) else { return nil }
        scanStart = end
        return
      case 0xE0...0xEF, 0xFE: break
      default: return nil
      }
      position = end
    }
    return nil
  }

  private mutating func readFrame(_ segment: UnsafeBufferPointer<UInt8>) -> Bool {
    guard components.isEmpty, segment.count == 15, segment[0] == 8, segment[5] == 3 else { return false }
    height = Int(segment[1]) << 8 | Int(segment[2])
    width = Int(segment[3]) << 8 | Int(segment[4])
    for (index, sampling) in [0x22, 0x11, 0x11].enumerated() {
      let part = 6 + 3 * index
      guard segment[part + 1] == sampling, segment[part + 2] < 4 else { return false }
      components.append((segment[part], Int(segment[part + 2]), 0, 0))
    }
    return width > 0 && height > 0
  }

  private mutating func readCodes(_ segment: UnsafeBufferPointer<UInt8>) -> Bool {
    var position = 0
    while position + 17 <= segment.count {
      let (kind, number) = (Int(segment[position] >> 4), Int(segment[position] & 15))
      let counts = segment[position + 1..<position + 17]
      let symbolCount = counts.reduce(0) { $0 + Int($1) }
      guard kind < 2, number < 4, symbolCount <= 256, position + 17 + symbolCount <= segment.count else { return false }
      var table = Array(segment[position + 1..<position + 17 + symbolCount])
      table += [UInt8](repeating: 0, count: 256 - symbolCount)
      codes[4 * kind + number] = table
      position += 17 + symbolCount
    }
    return position == segment.count
  }

  private mutating func readQuantisers(_ segment: UnsafeBufferPointer<UInt8>) -> Bool {
    guard segment.count % 65 == 0 else { return false }
    for position in stride(from: 0, to: segment.count, by: 65) {
      guard segment[position] < 4 else { return false }
      quantisers[Int(segment[position])] = segment[position + 1..<position + 65].map(Int16.init)
    }
    return true
  }

  private mutating func readScan(_ segment: UnsafeBufferPointer<UInt8>) -> Bool {
    guard components.count == 3, segment.count == 10, segment[0] == 3 else { return false }
    guard segment[7] == 0, segment[8] == 63, segment[9] == 0 else { return false }
    for index in 0..<3 {
      let (mean, rest) = (Int(segment[2 + 2 * index] >> 4), Int(segment[2 + 2 * index] & 15))
      guard segment[1 + 2 * index] == components[index].identifier, mean < 4, rest < 4 else { return false }
      guard !codes[mean].isEmpty, !codes[4 + rest].isEmpty else { return false }
      guard !quantisers[components[index].quantiser].isEmpty else { return false }
      components[index].mean = mean
      components[index].rest = 4 + rest
    }
    return true
  }
}
