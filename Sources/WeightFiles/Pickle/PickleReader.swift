import DurableFiles
import Faults

/// Reads the pickle of a PyTorch file into plain values, by the operations of `PickleOpcode` and the names of
/// `TorchGlobal` alone. Nothing is imported, called or run.
///
/// Every operation takes at least a byte and makes at most one value, so memory is bounded by the pickle's size, and that
/// by `byteLimit`; the work, by `operationLimit`.
struct PickleReader {
  /// A tensor takes about 200 bytes and 30 operations: there is room for more than the 16 Ki members of an archive.
  static let byteLimit = 16 << 20
  static let operationLimit = 1 << 19

  var bytes: ByteReader
  var graph = PickleGraph()
  /// Values that wait to be put together.
  var stack: [PickleValue] = []
  /// Where in the stack each open mark is.
  var marks: [Int] = []
  /// Values that are kept to be used again. Writers number them in order.
  var memo: [PickleValue] = []
  /// Where the operation at hand starts.
  private var start: Int
  let path: String
  let isScript: Bool

  /// The value that a pickle describes.
  ///
  /// - Parameters:
  ///   - path: The file and the member, for messages.
  ///   - isScript: Whether it is the pickle of `torch.jit.save`, which names classes of its own.
  /// - Throws: `Fault(.badData)` with the byte of the operation that is refused.
  static func graph(of bytes: [UInt8], path: String, isScript: Bool) throws -> PickleGraph {
    var reader = PickleReader(bytes, path: path, isScript: isScript)
    var operationCount = 0
    while try reader.step() {
      operationCount += 1
      guard operationCount <= operationLimit else {
        throw reader.fault("More than \(operationLimit) operations: no file of weights needs as many")
      }
    }
    return reader.graph
  }

  private init(_ bytes: [UInt8], path: String, isScript: Bool) {
    self.bytes = ByteReader(bytes, path: path)
    self.path = path
    self.isScript = isScript
    start = 0
  }

  func fault(_ what: String, remedy: String? = nil) -> Fault {
    Fault(.badData, what, at: "\(path): byte \(start)", remedy: remedy)
  }

  /// Obeys one operation; false where it was the last.
  private mutating func step() throws -> Bool {
    start = bytes.position
    let byte = try bytes.integer(UInt8.self, "operation")
    guard let opcode = PickleOpcode(rawValue: byte) else {
      throw fault("The pickle's operation 0x\(String(byte, radix: 16)) is none that a file of tensors needs")
    }
    if opcode == .stop {
      graph.root = try pop()
      guard stack.isEmpty, marks.isEmpty else { throw fault("The pickle ends with values left over") }
      try bytes.expectEnd()
      return false
    }
    try obey(opcode)
    return true
  }
}
