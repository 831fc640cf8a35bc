import Faults

/// How an evaluation is done; none of it is about what is right.
public struct EvaluationOptions: Sendable {
  /// Images, or clips, that are encoded at a time. A rank holds the pixels of two batches.
  ///
  /// Matrix products of another size may round differently, so scores may differ in the last digits between batch
  /// sizes; between rank counts they do not.
  public var batchSize: Int
  /// For the report: what the weights are called.
  public var model: RetrievalReport.ModelOrigin

  public init(batchSize: Int = 32, model: RetrievalReport.ModelOrigin = .init()) {
    self.batchSize = batchSize
    self.model = model
  }

  public func validate() throws {
    guard batchSize >= 1 else {
      throw Fault(.configuration, "An evaluation batch of \(batchSize) is not possible", remedy: "Give 1 or more")
    }
  }
}
