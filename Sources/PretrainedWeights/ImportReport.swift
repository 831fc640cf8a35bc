/// What became of every tensor of a file and every parameter of a model when one was read into the other.
public struct ImportReport: Equatable, Sendable {
  /// Parameters that have their values from the file, by name.
  public var taken: [String] = []
  /// Parameters that should have and the file lacks.
  public var missing: [String] = []
  /// Tensors of the file that nothing asked for.
  public var unexpected: [String] = []
  /// Parameters whose tensor has another shape: `name: file [a, b], model [c, d]`.
  public var shapeDiffers: [String] = []
  /// Parameters that the file has nothing for by design; they keep their starting values.
  public var untouched: [String] = []

  public init() {}
}
