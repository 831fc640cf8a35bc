/// A file of trained tensors by name, whatever its format.
///
/// It is data and never code: what its directory claims is checked before anything is read or allocated by it.
public protocol WeightFile: Sendable {
  var path: String { get }
  /// What messages call the format, e.g. `safetensors`.
  var format: String { get }
  /// The shapes of all tensors of floating-point numbers, by name.
  var shapes: [String: [Int]] { get }

  /// The elements of a tensor in row-major order, whatever floating-point type they are stored in.
  ///
  /// - Throws: `Fault(.badData)` where there is no such tensor or its bytes are damaged; the fault of the system call that
  ///   failed.
  func floats(_ name: String) throws -> [Float]
}
