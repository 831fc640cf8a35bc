import Checkpointing
import DurableFiles
import Faults
import NeuralNetworks
import SGMNModel
import WeightFiles

/// The part of a trained model that retrieval needs as ONNX graphs, for onnxruntime and its like (docs/onnx.md).
///
/// A folder of `image_encoder.onnx`, `clip_encoder.onnx`, with text `asr_encoder.onnx` and `title_encoder.onnx`, and of
/// `weights.safetensors`, in which the graphs find their weights: a weight that two graphs use is there once. Equal models
/// with equal weights have equal bytes. A model that encodes texts itself has `vocabulary.txt` beside them.
public enum ONNXExport {
  /// The file of all graphs' weights.
  public static let weightsFile = "weights.safetensors"

  public static let vocabularyFile = "vocabulary.txt"

  /// What the graphs are written in: LayerNormalization came with operator set 17, and every onnxruntime since 1.12 takes it.
  static let operatorSet = 17
  static let irVersion = 8

  /// Writes the folder; it appears whole or not at all.
  ///
  /// - Parameters:
  ///   - weights: of the whole model, by name; what the graphs do not use is left out.
  ///   - metadata: kept in every file, beside `format`, `lambda_text`, `mean` and `std`.
  ///   - vocabulary: the file that says what the ids of tokens mean; none where the graphs take no ids.
  ///   - folder: must not exist.
  /// - Returns: The bytes of all its files.
  /// - Throws: `Fault(.outputUnavailable)` where `folder` exists or cannot be made, `.configuration` where `weights` are not of
  ///   such a model, `.badData` where they are damaged.
  @discardableResult
  public static func write(
    _ model: ModelConfiguration, weights: any WeightFile, metadata: [String: String] = [:], vocabulary: [UInt8]? = nil,
    to folder: String
  ) throws -> Int {
    let shapes = try parameterShapes(of: model)
    let graphs = GraphBuilder.inferenceGraphs(of: model, shapes: shapes)
    let names = Set(graphs.flatMap(\.parameterNames)).sorted()
    try check(weights, names.map { ($0, shapes[$0] ?? []) })
    let properties = metadata.merging(inferenceProperties(of: model)) { $1 }
    var byteCount = 0
    try DurableFile.createWholeFolder(folder) { folder in
      let path = "\(folder)/\(weightsFile)"
      byteCount = try writeWeights(
        weights, names: names, metadata: properties.merging(["format": "pt"]) { $1 }, to: path)
      if let vocabulary {
        try DurableFile.write(vocabulary, to: "\(folder)/\(vocabularyFile)")
        byteCount += vocabulary.count
      }
      let file = try SafetensorsFile(path)
      for graph in graphs {
        let bytes = try modelProto(graph, file, properties).serialized()
        try DurableFile.write(bytes, to: "\(folder)/\(graph.name).onnx")
        byteCount += bytes.count
      }
    }
    return byteCount
  }

  /// Of every parameter by its name.
  static func parameterShapes(of model: ModelConfiguration) throws -> [String: [Int]] {
    var visitor = ParameterVisitor()
    try SGMN(model).visitParameters(&visitor)
    return Dictionary(uniqueKeysWithValues: visitor.found.map { ($0.name, $0.parameter.shape) })
  }

  /// What a user must know to feed the graphs and to make scores of what they yield.
  private static func inferenceProperties(of model: ModelConfiguration) -> [String: String] {
    let list = { (numbers: [Double]) in numbers.map { "\($0)" }.joined(separator: " ") }
    return [
      "format": "sgmn", "lambda_text": model.text ? "\(model.lambdaText)" : "0", "mean": list(VisualEncoder.mean),
      "std": list(VisualEncoder.deviation),
    ]
  }

  private static func check(_ weights: any WeightFile, _ parameters: [(name: String, shape: [Int])]) throws {
    for (name, shape) in parameters where weights.shapes[name] != shape {
      let found = weights.shapes[name].map { "of shape \($0)" } ?? "missing"
      throw Fault(
        .configuration, "\(name) is \(found), the model has \(shape)", at: weights.path,
        remedy: "Export with the configuration that the weights were trained with")
    }
  }

  /// All weights as float32 in one file; its size.
  private static func writeWeights(
    _ weights: any WeightFile, names: [String], metadata: [String: String], to path: String
  ) throws -> Int {
    let counts = names.map { (weights.shapes[$0] ?? []).reduce(1, *) }
    let memory = UnsafeMutableBufferPointer<Float>.allocate(capacity: counts.reduce(0, +))
    defer { memory.deallocate() }
    var end = 0
    var tensors: [SafetensorsWriter.Tensor] = []
    for (name, count) in zip(names, counts) {
      let values = try weights.floats(name)
      let place = UnsafeMutableBufferPointer(rebasing: memory[end..<(end + count)])
      guard place.update(fromContentsOf: values) == count, values.count == count else {
        throw Fault(.badData, "\(name) has \(values.count) elements, expected \(count)", at: weights.path)
      }
      tensors.append(
        .init(name: name, type: .float32, shape: weights.shapes[name] ?? [], bytes: UnsafeRawBufferPointer(place)))
      end += count
    }
    return try SafetensorsWriter.write(path: path, metadata: metadata, tensors: tensors).byteCount
  }

  private static func modelProto(
    _ graph: GraphBuilder, _ weights: SafetensorsFile, _ properties: [String: String]
  ) throws -> ModelProto {
    ModelProto(
      irVersion: irVersion, producerName: "sgmn-trainer",
      docString: "SGMN inference: score = clip·image + lambda_text · asr·title",
      graph: try graph.graph(weights: weightsFile) { try weights.byteRange(of: $0) },
      opsetImport: [OperatorSetIdProto(version: operatorSet)],
      metadataProps: properties.sorted { $0.key < $1.key }.map { StringStringEntryProto(key: $0.key, value: $0.value) })
  }
}
