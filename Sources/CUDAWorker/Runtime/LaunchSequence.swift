import CNVIDIA

/// Launches and copies in order, as words that are compared and hashed at once.
struct LaunchSequence {
  enum Operation {
    /// The parameters: an address of each argument.
    case kernel(CUfunction, LaunchShape, UnsafeMutablePointer<UnsafeMutableRawPointer?>?)
    case copy(CUdeviceptr, UnsafeRawPointer, Int)
  }

  private static let wordsOfShape = 7
  // In a function's place: no function lies at such an address.
  private static let copyMark: UInt64 = 0

  private(set) var count = 0
  /// Of every operation the function, blocks, threads, shared bytes, and how many arguments there are; of a copy its
  /// bytes, in their place.
  private(set) var shape: [UInt64] = []
  /// Their arguments, one after the other; of a copy both addresses.
  private(set) var contents: [UInt64] = []

  mutating func add(_ function: CUfunction, _ launch: LaunchShape, _ arguments: [KernelArgument]) {
    let (x, y, z) = launch.blocks
    append(UInt64(UInt(bitPattern: function)), [x, y, z, launch.threads, launch.sharedByteCount, arguments.count])
    for argument in arguments { contents.append(argument.bits) }
  }

  mutating func addCopy(to device: CUdeviceptr, from host: UnsafeRawPointer, byteCount: Int) {
    append(LaunchSequence.copyMark, [0, 0, 0, 0, byteCount, 2])
    contents.append(device)
    contents.append(UInt64(UInt(bitPattern: host)))
  }

  mutating func removeAll() {
    count = 0
    shape.removeAll(keepingCapacity: true)
    contents.removeAll(keepingCapacity: true)
  }

  private mutating func append(_ function: UInt64, _ sizes: [Int]) {
    count += 1
    shape.append(function)
    for size in sizes { shape.append(UInt64(size)) }
  }

  /// The operations in order.
  mutating func replay(_ body: (Operation) -> Void) {
    // The driver reads arguments through addresses, and leaves them as they are.
    contents.withUnsafeMutableBufferPointer { contents in
      var arguments = contents.baseAddress
      for start in stride(from: 0, to: shape.count, by: LaunchSequence.wordsOfShape) {
        let words = shape[start..<start + LaunchSequence.wordsOfShape]
        switch words[start] {
        case LaunchSequence.copyMark:
          body(.copy(arguments![0], UnsafeRawPointer(bitPattern: UInt(arguments![1]))!, Int(words[start + 5])))
        default: LaunchSequence.replay(words, arguments, body)
        }
        arguments = arguments.map { $0 + Int(words[start + 6]) }
      }
    }
  }

  private static func replay(
    _ words: ArraySlice<UInt64>, _ arguments: UnsafeMutablePointer<UInt64>?, _ body: (Operation) -> Void
  ) {
    func size(_ index: Int) -> Int { Int(words[words.startIndex + index]) }
    var launch = LaunchShape(blocks: size(1), threads: size(4), sharedByteCount: size(5))
    launch.blocks = (size(1), size(2), size(3))
    withUnsafeTemporaryAllocation(of: UnsafeMutableRawPointer?.self, capacity: max(size(6), 1)) { parameters in
      for index in 0..<size(6) {
        parameters.initializeElement(at: index, to: arguments.map { UnsafeMutableRawPointer($0 + index) })
      }
      body(.kernel(CUfunction(bitPattern: UInt(words[words.startIndex]))!, launch, parameters.baseAddress))
    }
  }
}
