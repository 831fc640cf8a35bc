import Faults

extension PickleReader {
  /// Names are compared and hashed, a storage's for every tensor: they are bounded by more than the pickle's size.
  static let nameByteLimit = 1 << 10

  mutating func global(module: String, name: String) throws {
    guard module.utf8.count <= Self.nameByteLimit, name.utf8.count <= Self.nameByteLimit else {
      throw fault("The name of a global has more than 1,024 bytes")
    }
    guard let global = TorchGlobal(module: module, name: name, isScript: isScript) else {
      let name = "\(module).\(name)".debugDescription
      throw fault(
        "The pickle names \(name), which no tensor needs: this file would run code",
        remedy: "Nothing was run. Load it with Python only if you trust its maker; then save its weights alone: "
          + "torch.save(model.state_dict(), FILE)")
    }
    stack.append(.global(global))
  }

  /// `('storage', type, key, location, count)`: the only objects that live outside the pickle.
  mutating func persistentID() throws {
    guard case .tuple(let tuple) = try pop(), case let parts = graph.sequences[tuple], parts.count == 5,
      parts[0] == .text("storage"), case .global(.storage(let type)) = parts[1], case .text(let key) = parts[2],
      case .integer(let count) = parts[4], count >= 0
    else { throw fault("What lies outside the pickle is no storage") }
    guard key.utf8.count <= Self.nameByteLimit else { throw fault("The key of a storage has more than 1,024 bytes") }
    stack.append(graph.storage(TorchStorage(type: type, key: key, count: count)))
  }

  /// A call: of one of the functions that we know, and they are not run but understood.
  mutating func reduce() throws {
    let parts = try pop(2)
    switch (parts[0], parts[1]) {
    case (.global(let function), .tuple(let tuple)):
      try stack.append(value(of: function, graph.sequences[tuple]))
    // A case of an enumeration: its class and its number or text.
    case (.global(.scriptClass), _): stack.append(.other)
    default: throw fault("A call of what is no global")
    }
  }

  mutating func newObject() throws {
    let parts = try pop(2)
    guard parts[0] == .global(.scriptClass), case .tuple(let tuple) = parts[1], graph.sequences[tuple].isEmpty else {
      throw fault("An object of what is no class of TorchScript")
    }
    stack.append(graph.object())
  }

  /// Attributes: a TorchScript object's are its contents; those of other values are no part of any tensor.
  mutating func build() throws {
    let state = try pop()
    switch try top() {
    case .object(let object):
      guard graph.objects[object] == .none else { throw fault("An object gets its attributes twice") }
      graph.objects[object] = state
    case .dictionary, .tensor: break
    default: throw fault("Attributes for what has none")
    }
  }

  private mutating func value(of function: TorchGlobal, _ arguments: [PickleValue]) throws -> PickleValue {
    switch function {
    case .orderedDictionary where arguments.isEmpty: return graph.emptyDictionary()
    case .rebuildTensor, .rebuildTypedTensor, .rebuildParameter, .rebuildParameterWithState:
      return try tensor(function, arguments)
    case .rebuildWithType where arguments.count == 4:
      // Of this function itself there is none inside: so nothing nests.
      guard case .global(let inner) = arguments[0], inner != .rebuildWithType, arguments[1] == .global(.tensorClass),
        case .tuple(let tuple) = arguments[2]
      else { break }
      return try tensor(inner, graph.sequences[tuple])
    case .size where arguments.count == 1:
      guard case .tuple = arguments[0] else { break }
      return arguments[0]
    case .device: return .other
    case .scriptList where arguments.count == 1:
      guard case .list = arguments[0] else { break }
      return arguments[0]
    case .scriptTypeTag where arguments.count == 2: return arguments[0]
    default: break
    }
    throw fault("A call with arguments that PyTorch never gives")
  }

  private mutating func tensor(_ function: TorchGlobal, _ arguments: [PickleValue]) throws -> PickleValue {
    switch (function, arguments.count) {
    case (.rebuildTensor, 6...7): return try view(arguments, type: nil)
    case (.rebuildTypedTensor, 7...8):
      guard case .global(.type(let type)) = arguments[6] else { throw fault("The type of a tensor is none") }
      return try view(Array(arguments[..<6]) + arguments[7...], type: type)
    case (.rebuildParameter, 3), (.rebuildParameterWithState, 4):
      guard case .tensor = arguments[0] else { throw fault("A parameter of what is no tensor") }
      return arguments[0]
    default: throw fault("A tensor is made of \(arguments.count) arguments, which PyTorch never does")
    }
  }

  /// Of (storage, offset, shape, strides, requires_grad, hooks[, metadata]).
  private mutating func view(_ arguments: [PickleValue], type: TorchElementType?) throws -> PickleValue {
    guard case .storage(let number) = arguments[0], case .integer(let offset) = arguments[1], offset >= 0 else {
      throw fault("A tensor without storage or place in it")
    }
    guard arguments.count < 7 || isEmpty(arguments[6]) else {
      throw fault(
        "A tensor that is negated or conjugated when it is used",
        remedy: "Save it with .resolve_neg() or .resolve_conj()")
    }
    let storage = graph.storages[number]
    guard let type = type ?? storage.type, storage.type == nil || storage.type == type else {
      throw fault("A tensor of another type than its storage")
    }
    let (shape, strides) = (try numbers(arguments[2], "shape"), try numbers(arguments[3], "strides"))
    guard shape.count == strides.count else {
      throw fault("A tensor of \(shape.count) sizes and \(strides.count) strides")
    }
    return graph.tensor(TorchTensor(storage: storage, type: type, offset: offset, shape: shape, strides: strides))
  }

  private func isEmpty(_ metadata: PickleValue) -> Bool {
    guard case .dictionary(let dictionary) = metadata else { return metadata == .none }
    return graph.dictionaries[dictionary].isEmpty
  }

  private func numbers(_ value: PickleValue, _ field: String) throws -> [Int] {
    guard case .tuple(let tuple) = value, case let values = graph.sequences[tuple],
      values.count <= TorchTensor.dimensionLimit
    else { throw fault("The \(field) of a tensor is no tuple of at most \(TorchTensor.dimensionLimit) numbers") }
    return try values.map { value in
      guard case .integer(let number) = value, number >= 0 else {
        throw fault("The \(field) of a tensor holds what is no whole number of at least 0")
      }
      return number
    }
  }
}
