@testable import Checkpointing
@testable import ShardBuilding

/// A second reader of safetensors, written for simplicity over another JSON parser: the whole header as a tree, then
/// the rules one by one. nil where a rule is broken.
struct ReferenceSafetensors {
  struct Tensor {
    var type: String
    var shape: [Int]
    var bytes: [UInt8]
  }

  private(set) var metadata: [String: String] = [:]
  private(set) var tensors: [String: Tensor] = [:]

  private static let widths = [
    "BOOL": 1, "U8": 1, "I8": 1, "F8_E5M2": 1, "F8_E4M3": 1, "F8_E8M0": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2,
    "I32": 4, "U32": 4, "F32": 4, "I64": 8, "U64": 8, "F64": 8, "C64": 8,
  ]

  init?(_ bytes: [UInt8]) {
    guard bytes.count >= 8, let headerEnd = bytes.range(at: 8, count: bytes.word(at: 0), in: 0..<bytes.count),
      let header = try? JSONParser.parse(Array(bytes[headerEnd])), bytes[headerEnd].first == UInt8(ascii: "{"),
      let members = header.members
    else { return nil }
    let data = bytes[headerEnd.upperBound...]
    var covered: [(start: Int, end: Int)] = []
    for member in members {
      if member.name == "__metadata__" {
        guard let fields = member.value.members else { return nil }
        for field in fields {
          guard let text = field.value.string else { return nil }
          metadata[field.name] = text
        }
        continue
      }
      guard let fields = member.value.members, fields.count == 3, let type = member.value["dtype"]?.string,
        let width = ReferenceSafetensors.widths[type],
        let shape = ReferenceSafetensors.numbers(member.value["shape"]),
        let offsets = ReferenceSafetensors.numbers(member.value["data_offsets"]), offsets.count == 2,
        offsets[0] <= offsets[1], offsets[1] <= data.count
      else { return nil }
      var size: Int? = width
      for length in shape where size != nil {
        let (product, overflow) = size!.multipliedReportingOverflow(by: length)
        size = overflow ? nil : product
      }
      guard (shape.contains(0) ? 0 : size) == offsets[1] - offsets[0] else { return nil }
      covered.append((offsets[0], offsets[1]))
      let start = data.startIndex
      tensors[member.name] = Tensor(
        type: type, shape: shape, bytes: Array(data[start + offsets[0]..<start + offsets[1]]))
    }
    var end = 0
    for range in covered.sorted(by: { ($0.start, $0.end) < ($1.start, $1.end) }) {
      guard range.start == end else { return nil }
      end = range.end
    }
    guard end == data.count else { return nil }
  }

  /// At most 64 whole numbers of at least 0; nil for anything else.
  private static func numbers(_ value: JSONValue?) -> [Int]? {
    guard case .list(let items) = value, items.count <= 64 else { return nil }
    var numbers: [Int] = []
    for item in items {
      guard case .number(let digits) = item, digits.allSatisfy(\.isNumber), let number = Int(digits) else { return nil }
      numbers.append(number)
    }
    return numbers
  }
}
