/// A value of a pickle. Containers are numbers of a `PickleGraph`, which owns what is in them: so values refer to each
/// other in any depth, and in circles, and nothing walks down them unasked, not even when they are freed.
enum PickleValue: Sendable, Equatable {
  case none
  case flag(Bool)
  case integer(Int)
  case text(String)
  case tuple(Int)
  case list(Int)
  case dictionary(Int)
  /// A TorchScript object.
  case object(Int)
  case global(TorchGlobal)
  case storage(Int)
  case tensor(Int)
  /// What no tensor needs: real numbers, bytes, devices, whole numbers of more than 64 bits.
  case other
}
