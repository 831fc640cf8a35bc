import Faults
import Synchronization

@testable import Training

extension FuzzTarget {
  /// What was written of late. Most inputs come to a configuration that was there a moment ago, and writing it and
  /// reading it again takes more than half of the time.
  private static let written = Mutex<[RunConfiguration]>([])

  /// A configuration file. What is read must be written as a file of the same content.
  static let configuration = FuzzTarget(name: "configuration") {
    [
      Array(try ConfigurationFile.text(of: RunConfiguration()).utf8), [],
      Array("# a comment\nseed: 0x10\nmodel: {width: 96}\ncheckpoint:\n  keep: 2\n  every: 1_0\n".utf8),
      Array("data:\n  train: &a 's3://x/y'\nevaluation:\n  shards: *a\noptimizer: {learning_rate: 1e-3}\n".utf8),
    ]
  } parse: { bytes in
    let configuration = try MemoryFile.with(bytes) { try ConfigurationFile.load(path: $0, settings: []) }
    guard written.withLock({ !$0.contains(configuration) }) else { return }
    let text = try ConfigurationFile.text(of: configuration)
    let again = try MemoryFile.with(Array(text.utf8)) { try ConfigurationFile.load(path: $0, settings: []) }
    try Finding.unless(again == configuration, "the file is read as another configuration after it was written")
    written.withLock { $0 = [configuration] + $0.prefix(31) }
  }

  /// Values of `--set`, a line each.
  static let setting = FuzzTarget(name: "setting") {
    ["seed=3", "model.width=144\ncheckpoint.every=5", "data.train=/a/b c", "data.on_bad=skip", "evaluation.shards="]
      .map { Array($0.utf8) }
  } parse: { bytes in
    let settings = bytes.split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
    _ = try ConfigurationFile.load(path: nil, settings: settings)
  }
}
