/// The names of Python that a file of tensors may use. Each stands for a value of ours; none is ever called.
enum TorchGlobal: Sendable, Equatable {
  case orderedDictionary
  case storage(TorchElementType?)
  case type(TorchElementType)
  /// `_rebuild_tensor_v2`: a view whose type is its storage's.
  case rebuildTensor
  /// `_rebuild_tensor_v3`: a view that has a type of its own.
  case rebuildTypedTensor
  case rebuildParameter
  case rebuildParameterWithState
  /// `_rebuild_from_type_v2`: one of the above with attributes of its own.
  case rebuildWithType
  case tensorClass
  case size
  case device
  /// A TorchScript class: a record of attributes.
  case scriptClass
  /// TorchScript's lists, and values with a type written beside them.
  case scriptList, scriptTypeTag

  /// nil where the name is not among them.
  ///
  /// - Parameter isScript: Whether the archive is one of `torch.jit.save`.
  init?(module: String, name: String, isScript: Bool) {
    switch (module, name) {
    case ("collections", "OrderedDict"): self = .orderedDictionary
    case ("torch._utils", "_rebuild_tensor_v2"): self = .rebuildTensor
    case ("torch._utils", "_rebuild_tensor_v3"): self = .rebuildTypedTensor
    case ("torch._utils", "_rebuild_parameter"): self = .rebuildParameter
    case ("torch._utils", "_rebuild_parameter_with_state"): self = .rebuildParameterWithState
    case ("torch._tensor", "_rebuild_from_type_v2"): self = .rebuildWithType
    case ("torch", "Tensor"), ("torch.nn.parameter", "Parameter"), ("torch.nn.parameter", "Buffer"): self = .tensorClass
    case ("torch", "Size"): self = .size
    case ("torch", "device"): self = .device
    case ("torch.storage", "UntypedStorage"): self = .storage(nil)
    case ("torch", _):
      if let type = TorchElementType(storage: name) {
        self = .storage(type)
      } else if let type = TorchElementType(dtype: name) {
        self = .type(type)
      } else {
        return nil
      }
    default:
      guard isScript, let global = TorchGlobal(scriptModule: module, name: name) else { return nil }
      self = global
    }
  }

  private init?(scriptModule module: String, name: String) {
    switch (module, name) {
    case ("torch.jit._pickle", "build_intlist"), ("torch.jit._pickle", "build_doublelist"),
      ("torch.jit._pickle", "build_boollist"), ("torch.jit._pickle", "build_tensorlist"):
      self = .scriptList
    case ("torch.jit._pickle", "restore_type_tag"): self = .scriptTypeTag
    case _ where module == "__torch__" || module.hasPrefix("__torch__."): self = .scriptClass
    default: return nil
    }
  }
}
