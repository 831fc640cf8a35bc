import Checkpointing

/// The weights of a safetensors file.
public struct SafetensorsWeights: WeightFile {
  public let format = "safetensors"
  public let shapes: [String: [Int]]
  private let file: SafetensorsFile

  public init(_ path: String) throws {
    file = try SafetensorsFile(path)
    shapes = file.tensors.filter { $0.value.type.isFloatingPoint }.mapValues(\.shape)
  }

  public var path: String { file.path }

  public func floats(_ name: String) throws -> [Float] { try file.floats(name) }
}

extension SafetensorsType {
  /// Of those that weights are stored in.
  fileprivate var isFloatingPoint: Bool {
    switch self {
    case .float16, .bfloat16, .float32, .float64: true
    default: false
    }
  }
}
