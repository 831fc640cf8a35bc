import Faults

/// The tensors of a safetensors file: what its JSON header says, checked.
///
/// Accepted is `{"__metadata__": {text: text, …}, name: {"dtype": …, "shape": […], "data_offsets": [start, end]}, …}`
/// and nothing else: names that occur once, ranges that follow one another without gap or overlap from the first byte
/// of the data to its last, each as long as its type and shape say.
struct SafetensorsHeader {
  var metadata: [String: String] = [:]
  var tensors: [String: SafetensorsFile.Entry] = [:]

  /// The greatest header that is read: what the format's reference implementation allows.
  static let byteLimit = 100_000_000

  /// Parses the header's bytes.
  ///
  /// - Parameters:
  ///   - path: The file, for messages.
  ///   - dataByteCount: The bytes that follow the header.
  /// - Throws: `Fault(.badData)`, with the byte in the file or the tensor at fault.
  init(_ bytes: [UInt8], path: String, dataByteCount: Int) throws {
    var text = HeaderText(bytes, path: path, offset: 8)
    guard bytes.first == UInt8(ascii: "{") else { throw text.fault("The header does not start with {") }
    var hasMetadata = false
    try text.object { name, text in
      if name == "__metadata__" {
        guard !hasMetadata else { throw text.fault("__metadata__ occurs twice") }
        hasMetadata = true
        try text.object { key, text in
          guard metadata.updateValue(try text.string("metadata value"), forKey: key) == nil else {
            throw text.fault("The metadata key \(key.debugDescription) occurs twice")
          }
        }
      } else {
        guard tensors.updateValue(try Self.entry(&text), forKey: name) == nil else {
          throw text.fault("The tensor \(name.debugDescription) occurs twice")
        }
      }
    }
    try text.end()
    try checkRanges(path: path, dataByteCount: dataByteCount)
  }

  private static func entry(_ text: inout HeaderText) throws -> SafetensorsFile.Entry {
    var type: SafetensorsType?
    var shape: [Int]?
    var range: Range<Int>?
    try text.object { key, text in
      switch key {
      case "dtype" where type == nil:
        let name = try text.string("dtype")
        guard let known = SafetensorsType(rawValue: name) else {
          throw text.fault("Unknown dtype \(name.debugDescription)")
        }
        type = known
      case "shape" where shape == nil:
        shape = try text.integers("shape")
      case "data_offsets" where range == nil:
        let offsets = try text.integers("data_offsets")
        guard offsets.count == 2, offsets[0] <= offsets[1] else {
          throw text.fault("data_offsets are not two numbers in order")
        }
        range = offsets[0]..<offsets[1]
      case "dtype", "shape", "data_offsets":
        throw text.fault("\(key) occurs twice")
      default:
        throw text.fault("Unknown key \(key.debugDescription) in a tensor")
      }
    }
    guard let type, let shape, let range else {
      throw text.fault("A tensor without \(type == nil ? "dtype" : shape == nil ? "shape" : "data_offsets")")
    }
    return SafetensorsFile.Entry(type: type, shape: shape, range: range)
  }

  private func checkRanges(path: String, dataByteCount: Int) throws {
    let sorted = tensors.sorted {
      ($0.value.range.lowerBound, $0.value.range.upperBound) < ($1.value.range.lowerBound, $1.value.range.upperBound)
    }
    var end = 0
    for (name, entry) in sorted {
      let place = "\(path): tensor \(name.debugDescription)"
      guard let byteCount = entry.type.byteCount(shape: entry.shape) else {
        throw Fault(.badData, "The shape \(entry.shape) overflows", at: place)
      }
      guard entry.range.count == byteCount else {
        let kind = "\(entry.type.rawValue) \(entry.shape)"
        throw Fault(.badData, "\(kind) needs \(byteCount) bytes, its range has \(entry.range.count)", at: place)
      }
      guard entry.range.lowerBound == end else {
        let what = entry.range.lowerBound < end ? "overlaps the tensor before it" : "leaves a gap before it"
        throw Fault(.badData, "The range \(entry.range) \(what), which ends at \(end)", at: place)
      }
      end = entry.range.upperBound
    }
    guard end == dataByteCount else {
      throw Fault(
        .badData, "The tensors end at byte \(end) of the data, the file has \(dataByteCount) bytes of data", at: path,
        remedy: "The file was cut or added to: copy it again")
    }
  }
}
