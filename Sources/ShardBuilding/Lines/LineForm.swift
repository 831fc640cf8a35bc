/// What the lines of a source are, and how one is read.
public protocol LineForm: Sendable {
  /// `SampleCatalog.key` of the sample of a line.
  ///
  /// Called once for every line before anything is built, so it may check more than it needs to. `place` is file and
  /// line, found only when it is asked for. Throws `Fault(.badData)`.
  func key(of line: UnsafeRawBufferPointer, at place: () -> String) throws -> UInt64

  /// The sample of a line, its files found. Throws as `SampleCatalog.sample(at:)`.
  func sample(of line: [UInt8], at place: () -> String) throws -> SampleSource
}
