import FaultTrials
import Testing

extension BuildFixture {
  /// Expects the same names and bytes, and nothing else in the folder.
  func expectSame(_ one: String, _ other: String, at location: SourceLocation = #_sourceLocation) throws {
    let (ours, theirs) = (try files(one), try files(other))
    #expect(ours.keys.sorted() == theirs.keys.sorted(), sourceLocation: location)
    for name in ours.keys where ours[name] != theirs[name] {
      Issue.record("\(name) of \(one) differs from that of \(other)", sourceLocation: location)
    }
  }
}
