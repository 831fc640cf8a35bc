import Faults

extension PickleReader {
  mutating func obey(_ opcode: PickleOpcode) throws {
    switch opcode {
    case .stop: break
    case .proto: try checkProtocol()
    case .frame: _ = try bytes.count("length of a frame", limit: bytes.remaining)
    case .mark: marks.append(stack.count)
    case .binaryPut: try keep(Int(bytes.integer(UInt8.self, "memo")))
    case .longBinaryPut: try keep(Int(bytes.integer(UInt32.self, "memo")))
    case .memoize: try keep(memo.count)
    case .binaryGet: try get(Int(bytes.integer(UInt8.self, "memo")))
    case .longBinaryGet: try get(Int(bytes.integer(UInt32.self, "memo")))
    case .none: stack.append(.none)
    case .newTrue: stack.append(.flag(true))
    case .newFalse: stack.append(.flag(false))
    case .binaryInteger: stack.append(.integer(Int(try bytes.integer(Int32.self, "number"))))
    case .binaryInteger1: stack.append(.integer(Int(try bytes.integer(UInt8.self, "number"))))
    case .binaryInteger2: stack.append(.integer(Int(try bytes.integer(UInt16.self, "number"))))
    case .long1: stack.append(try longInteger())
    case .binaryFloat: try skip(8)
    case .shortBinaryUnicode: try text(Int(bytes.integer(UInt8.self, "length of a text")))
    case .binaryUnicode: try text(bytes.count32("length of a text", limit: bytes.remaining))
    case .binaryUnicode8: try text(bytes.count("length of a text", limit: bytes.remaining))
    case .shortBinaryBytes: try skip(Int(bytes.integer(UInt8.self, "length of bytes")))
    case .binaryBytes: try skip(bytes.count32("length of bytes", limit: bytes.remaining))
    case .binaryBytes8: try skip(bytes.count("length of bytes", limit: bytes.remaining))
    case .emptyTuple: stack.append(graph.tuple([]))
    case .tuple: try stack.append(graph.tuple(popToMark()))
    case .tuple1: try stack.append(graph.tuple(pop(1)))
    case .tuple2: try stack.append(graph.tuple(pop(2)))
    case .tuple3: try stack.append(graph.tuple(pop(3)))
    case .emptyList: stack.append(graph.list([]))
    case .append: try append(pop(1))
    case .appends: try append(popToMark())
    case .emptyDictionary: stack.append(graph.emptyDictionary())
    case .setItem: try setItems(pop(2))
    case .setItems: try setItems(popToMark())
    case .global: try global(module: line(), name: line())
    case .stackGlobal:
      guard case let names = try pop(2), case .text(let module) = names[0], case .text(let name) = names[1] else {
        throw fault("A global whose name is no text")
      }
      try global(module: module, name: name)
    case .persistentID: try persistentID()
    case .reduce: try reduce()
    case .newObject: try newObject()
    case .build: try build()
    }
  }

  private mutating func checkProtocol() throws {
    let version = try bytes.integer(UInt8.self, "protocol")
    guard (2...5).contains(version) else { throw fault("Pickle protocol \(version); those read are 2 to 5") }
  }

  /// A number of any length, little-endian in two's complement; beyond 64 bits only that there was one.
  private mutating func longInteger() throws -> PickleValue {
    let count = Int(try bytes.integer(UInt8.self, "length of a number"))
    let digits = try bytes.bytes(count, "number")
    guard count <= 8 else { return .other }
    var value: UInt64 = digits.last.map { $0 & 0x80 != 0 } ?? false ? .max : 0
    for digit in digits.reversed() { value = value << 8 | UInt64(digit) }
    return .integer(Int(Int64(bitPattern: value)))
  }

  private mutating func skip(_ count: Int) throws {
    _ = try bytes.bytes(count, "value")
    stack.append(.other)
  }

  private mutating func text(_ count: Int) throws {
    guard let text = String(validating: try bytes.bytes(count, "text"), as: UTF8.self) else {
      throw fault("A text is not valid UTF-8")
    }
    stack.append(.text(text))
  }

  /// The characters up to the next line break, which names of globals end in.
  private mutating func line() throws -> String {
    var line: [UInt8] = []
    while case let byte = try bytes.integer(UInt8.self, "name of a global"), byte != UInt8(ascii: "\n") {
      guard line.count < Self.nameByteLimit else { throw fault("The name of a global has more than 1,024 bytes") }
      line.append(byte)
    }
    guard let text = String(validating: line, as: UTF8.self) else {
      throw fault("The name of a global is not valid UTF-8")
    }
    return text
  }

  private mutating func append(_ values: [PickleValue]) throws {
    guard case .list(let list) = try top() else { throw fault("Values are added to what is no list") }
    graph.sequences[list] += values
  }

  private mutating func setItems(_ values: [PickleValue]) throws {
    guard case .dictionary(let dictionary) = try top() else { throw fault("Values are set in what is no dictionary") }
    guard values.count.isMultiple(of: 2) else { throw fault("A key without a value") }
    for index in stride(from: 0, to: values.count, by: 2) {
      graph.dictionaries[dictionary].append(.init(key: values[index], value: values[index + 1]))
    }
  }
}
