/// A text to a vector that is stored with a sample.
public protocol TextEncoder: Sendable {
  /// The name a shard set keeps, so that vectors of different encoders are never mixed.
  var name: String { get }
  /// The number of floats of a vector.
  var width: Int { get }
  /// The vector of `text`: unit length, or all zeros where the text holds nothing to encode.
  func encode(_ text: String) -> [Float]
}
