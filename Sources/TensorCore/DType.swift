/// The number format of a tensor's elements.
public enum DType: Sendable {
  case float32
  /// For checking gradients against finite differences; no run trains in it.
  case float64

  public var byteCount: Int { self == .float32 ? 4 : 8 }
}
