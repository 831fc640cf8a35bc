/// Numbers one after another that tensors are views of, as the pickle names them: nothing of it is checked yet.
struct TorchStorage: Sendable, Equatable {
  /// nil: bytes, and the tensor says of what type.
  var type: TorchElementType?
  /// The name of its record below `data/`.
  var key: String
  /// Elements; of a storage without type, bytes.
  var count: Int
}
