/// What a pickle describes: its value, and the contents of all containers by number.
struct PickleGraph: Sendable {
  struct Entry: Sendable {
    var key: PickleValue
    var value: PickleValue
  }

  var root = PickleValue.none
  /// Of tuples and lists.
  var sequences: [[PickleValue]] = []
  var dictionaries: [[Entry]] = []
  /// The state of each object.
  var objects: [PickleValue] = []
  var storages: [TorchStorage] = []
  var tensors: [TorchTensor] = []

  mutating func tuple(_ values: [PickleValue]) -> PickleValue {
    sequences.append(values)
    return .tuple(sequences.count - 1)
  }

  mutating func list(_ values: [PickleValue]) -> PickleValue {
    sequences.append(values)
    return .list(sequences.count - 1)
  }

  mutating func emptyDictionary() -> PickleValue {
    dictionaries.append([])
    return .dictionary(dictionaries.count - 1)
  }

  mutating func object() -> PickleValue {
    objects.append(.none)
    return .object(objects.count - 1)
  }

  mutating func storage(_ storage: TorchStorage) -> PickleValue {
    storages.append(storage)
    return .storage(storages.count - 1)
  }

  mutating func tensor(_ tensor: TorchTensor) -> PickleValue {
    tensors.append(tensor)
    return .tensor(tensors.count - 1)
  }
}
