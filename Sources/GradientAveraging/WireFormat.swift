/// The format in which gradients travel between ranks.
public enum WireFormat: Sendable, CaseIterable {
  case float32
  /// Half the bytes. A gradient is rounded once on its way to where it is summed, in float32, and the sum once on its
  /// way back.
  case bfloat16
}
