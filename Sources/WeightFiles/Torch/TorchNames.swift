import Faults

/// Names for the tensors of a pickle: the keys, attributes and positions that lead to each, with points between them.
///
/// Training scripts save more than weights. Where the outermost dictionary has a dictionary `state_dict`,
/// `model_state_dict` or `model`, only what is in that has a name, and the name starts there. Where every name then
/// starts with `module.`, which is what DistributedDataParallel makes of them, it is left out.
struct TorchNames {
  private(set) var tensors: [String: TorchTensor] = [:]

  private static let wrappers = ["state_dict", "model_state_dict", "model"]
  private static let distributed = "module."
  /// A pickle can name one container in many places, and in itself, so its size does not bound the walk.
  private static let depthLimit = 64
  private static let nameLimit = 1 << 16
  private static let nameByteLimit = 1 << 10
  private static let entryLimit = 1 << 20

  private struct Place {
    var value: PickleValue
    var name: String
    var depth: Int
  }

  private let graph: PickleGraph
  private let path: String
  private var waiting: [Place] = []
  private var nameCount = 0
  private var entryCount = 0

  init(_ graph: PickleGraph, path: String) throws {
    (self.graph, self.path) = (graph, path)
    waiting = [Place(value: weights(of: graph.root), name: "", depth: 0)]
    while let place = waiting.popLast() { try visit(place) }
    if !tensors.isEmpty, tensors.keys.allSatisfy({ $0.hasPrefix(Self.distributed) }) {
      tensors = Dictionary(
        uniqueKeysWithValues: tensors.map { (String($0.key.dropFirst(Self.distributed.count)), $0.value) })
    }
  }

  private func weights(of root: PickleValue) -> PickleValue {
    guard case .dictionary(let dictionary) = root else { return root }
    for name in Self.wrappers {
      for entry in graph.dictionaries[dictionary] where entry.key == .text(name) {
        if case .dictionary = entry.value { return entry.value }
      }
    }
    return root
  }

  private mutating func visit(_ place: Place) throws {
    switch place.value {
    case .tensor(let number):
      guard tensors.updateValue(graph.tensors[number], forKey: place.name) == nil else {
        throw fault("The name \(place.name.debugDescription) occurs twice")
      }
    case .dictionary(let number):
      for entry in graph.dictionaries[number] { try wait(entry.value, under: entry.key, in: place) }
    case .tuple(let number), .list(let number):
      for (index, value) in graph.sequences[number].enumerated() { try wait(value, under: .integer(index), in: place) }
    case .object(let number):
      // An object can be its own state.
      try wait(graph.objects[number], under: nil, in: place)
    default: break
    }
  }

  /// Has a value visited, if tensors may be in it.
  ///
  /// - Parameter key: What its name has more than that of `place`; nil: nothing.
  private mutating func wait(_ value: PickleValue, under key: PickleValue?, in place: Place) throws {
    entryCount += 1
    guard entryCount <= Self.entryLimit else { throw fault("More than \(Self.entryLimit) values lead to each other") }
    switch value {
    case .tensor, .dictionary, .tuple, .list, .object: break
    default: return
    }
    nameCount += 1
    let name = try name(of: key, in: place)
    guard nameCount <= Self.nameLimit, place.depth < Self.depthLimit, name.utf8.count <= Self.nameByteLimit else {
      let limits = "\(Self.nameLimit) names of \(Self.nameByteLimit) bytes, \(Self.depthLimit) levels"
      throw fault("Values lie in each other without end, or beyond the limits (\(limits))")
    }
    waiting.append(Place(value: value, name: name, depth: place.depth + 1))
  }

  private func name(of key: PickleValue?, in place: Place) throws -> String {
    guard let key else { return place.name }
    let part = try text(key)
    return place.name.isEmpty ? part : place.name + "." + part
  }

  private func text(_ value: PickleValue) throws -> String {
    switch value {
    case .text(let text): return text
    case .integer(let number): return String(number)
    default: throw fault("A tensor has a key that is neither text nor a whole number")
    }
  }

  private func fault(_ what: String) -> Fault { Fault(.badData, what, at: path) }
}
