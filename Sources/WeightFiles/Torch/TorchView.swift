import Faults

/// A tensor whose elements are known to lie in its record.
struct TorchView: Sendable {
  let type: TorchElementType
  let shape: [Int]
  let member: ZipMember
  let elementCount: Int
  /// The bytes of the record that the elements lie in.
  let range: Range<Int>
  private let strides: [Int]
  private let isContiguous: Bool

  /// - Parameters:
  ///   - member: The record of its storage.
  ///   - place: The file and the tensor, for messages: only asked for where there is one.
  /// - Throws: `Fault(.badData)` where an element would lie outside.
  init(_ tensor: TorchTensor, width: Int, member: ZipMember, place: @autoclosure () -> String) throws {
    let storage = tensor.storage
    let declared = storage.type == nil ? member.byteCount : member.byteCount / width
    guard storage.count == declared else {
      let what = "The storage \(storage.key.debugDescription) should have \(storage.count) elements"
      throw Fault(.badData, "\(what), its record has \(declared)", at: place())
    }
    let count = member.byteCount / width
    guard let extent = tensor.extent, extent.range.upperBound <= count else {
      let what = "Shape \(tensor.shape) with strides \(tensor.strides) from element \(tensor.offset) on"
      throw Fault(.badData, "\(what) does not lie in the \(count) elements of its storage", at: place())
    }
    guard extent.count <= count else {
      throw Fault(
        .badData, "The tensor has \(extent.count) elements, more than the \(count) of its storage", at: place(),
        remedy: "It was expanded: save it with .contiguous()")
    }
    (type, shape) = (tensor.type, tensor.shape)
    // The stride of a dimension of size 1 leads nowhere, and may be any number.
    strides = zip(shape, tensor.strides).map { $0 == 1 ? 0 : $1 }
    (self.member, elementCount, isContiguous) = (member, extent.count, tensor.isContiguous)
    range = extent.range.lowerBound * width..<extent.range.upperBound * width
  }

  /// The elements in row-major order.
  ///
  /// - Parameter bytes: Those of `range`.
  func floats(_ bytes: [UInt8], isBigEndian: Bool) -> [Float] {
    func word<Word: FixedWidthInteger>(_ word: Word) -> Word { isBigEndian ? word.byteSwapped : word }
    switch type {
    case .float16: return elements(bytes) { (bits: UInt16) in Float(Float16(bitPattern: word(bits))) }
    case .bfloat16: return elements(bytes) { (bits: UInt16) in Float(bitPattern: UInt32(word(bits)) << 16) }
    case .float64: return elements(bytes) { (bits: UInt64) in Float(Double(bitPattern: word(bits))) }
    case .float32 where isContiguous && !isBigEndian:
      return [Float](unsafeUninitializedCapacity: elementCount) { buffer, count in
        UnsafeMutableRawBufferPointer(buffer).copyBytes(from: bytes)
        count = elementCount
      }
    case .float32: return elements(bytes) { (bits: UInt32) in Float(bitPattern: word(bits)) }
    case .other: preconditionFailure("a view of what are no weights")
    }
  }

  private func elements<Word: FixedWidthInteger>(_ bytes: [UInt8], _ value: (Word) -> Float) -> [Float] {
    bytes.withUnsafeBytes { bytes in
      [Float](unsafeUninitializedCapacity: elementCount) { buffer, count in
        func take(_ element: Int) {
          let word = bytes.loadUnaligned(fromByteOffset: element * MemoryLayout<Word>.size, as: Word.self)
          buffer.initializeElement(at: count, to: value(word))
          count += 1
        }
        if isContiguous {
          for element in 0..<elementCount { take(element) }
        } else {
          forEachElement(take)
        }
      }
    }
  }

  /// Visits the places of the elements, counted from the first one: the last index runs fastest.
  private func forEachElement(_ visit: (Int) -> Void) {
    var index = [Int](repeating: 0, count: shape.count)
    var place = 0
    for _ in 0..<elementCount {
      visit(place)
      var dimension = shape.count - 1
      while dimension >= 0 {
        index[dimension] += 1
        place += strides[dimension]
        if index[dimension] < shape[dimension] { break }
        place -= shape[dimension] * strides[dimension]
        index[dimension] = 0
        dimension -= 1
      }
    }
  }
}
