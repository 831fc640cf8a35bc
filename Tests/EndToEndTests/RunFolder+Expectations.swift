import FaultTrials
import Testing

extension RunFolder {
  /// Expects the same weights, moments, state and losses as `other`, bit for bit.
  func expectSameEnd(as other: RunFolder, _ location: SourceLocation = #_sourceLocation) throws {
    #expect(try differences(from: other) == [], sourceLocation: location)
  }
}
