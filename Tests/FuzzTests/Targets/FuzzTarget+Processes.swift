import Faults
import Foundation

@testable import Collectives
@testable import Failpoints
@testable import ShardBuilding
@testable import Telemetry
@testable import WorkerProcesses

extension FuzzTarget {
  /// `metrics.jsonl` of a run that goes on from the step in the first byte: what is kept is whole lines of at most that
  /// step, and keeping them again changes nothing.
  static let metrics = FuzzTarget(name: "metrics") {
    [[9] + Array("{\"step\":3,\"loss\":0.5}\n{\"step\":12}\n{\"ste".utf8), [0] + Array("{\"step\":1}\n".utf8)]
  } parse: { input in
    guard let step = input.first.map({ Int($0) }) else { return }
    let kept = MetricsLog.keptLines(Array(input.dropFirst()), restoredStep: step)
    try Finding.unless(kept.isEmpty || kept.last == 0x0A && step > 0, "what is kept ends within a line")
    try Finding.unless(MetricsLog.keptLines(kept, restoredStep: step) == kept, "lines that are kept once and not twice")
  }

  /// What goes between a process and its worker: the first byte says whether it is a frame's header, a refusal, a
  /// request or a setup. Requests that are read must be written as what is read the same again.
  static let worker = FuzzTarget(name: "worker") {
    var source = SampleSource()
    (source.clipID, source.imageID, source.title, source.tags) = ("c", "i", "é", ["a": "b"])
    (source.frames, source.image) = (.video(.init("v.mp4")), .init("p.tar", offset: 512, byteCount: 9))
    source.titleEmbedding = [0.5]
    var pictures = source
    pictures.frames = .pictures([.init("a.jpg"), .init("b.jpg")])
    let fault = Fault(.badData, "It ends early", at: "clip.mp4", remedy: "Fetch it again")
    return [
      [0] + WorkerFrame.header(.request, payloadByteCount: 77), [1] + WorkerRefusal(fault).bytes,
      [2] + DecodeRequest(source).bytes, [2] + DecodeRequest(pictures).bytes,
    ]
  } parse: { input in
    guard let kind = input.first else { return }
    let bytes = Array(input.dropFirst())
    switch kind & 3 {
    case 0:
      guard let frame = WorkerFrame.parse(bytes, limit: 1 << 20) else { throw Fault(.badData, "No frame") }
      try Finding.unless((0...1 << 20).contains(frame.payloadByteCount), "a payload of \(frame.payloadByteCount) bytes")
    case 1:
      do { _ = try WorkerRefusal(bytes) } catch WorkerFailure.garbled { throw Fault(.badData, "Garbled") }
    case 2:
      let written = try DecodeRequest(bytes).bytes
      try Finding.unless(try DecodeRequest(written).bytes.count == written.count, "a request changes its size")
    default: _ = try WorkerSetup(bytes)
    }
  }

  /// Short texts of the environment and the kernel: failpoints and lists of CPUs. And, as words, what ranks send each
  /// other of a source.
  static let lists = FuzzTarget(name: "lists") {
    let scan = SourceScan().words.flatMap { word in withUnsafeBytes(of: word.littleEndian) { Array($0) } }
    return [
      [0] + Array("checkpoint.renamed:kill@2#1,file.sync:error=EIO@3+,step.data:sleep=20@*".utf8),
      [1] + Array("0-3,8\n".utf8), [2] + scan,
    ]
  } parse: { input in
    guard let kind = input.first else { return }
    let text = String(decoding: input.dropFirst(), as: UTF8.self)
    switch kind % 3 {
    case 0: _ = try FailpointPlan(text)
    case 1:
      guard let numbers = CPUList.parse(text) else { throw Fault(.badData, "No list") }
      try Finding.unless(CPUList.parse(CPUList.text(numbers)) == numbers, "a list that is read as another")
    default:
      let bytes = Array(input.dropFirst())
      let words = stride(from: 0, to: bytes.count - 7, by: 8).map { bytes.word(at: $0) }
      let scan = try SourceScan(words: words)
      try Finding.unless(scan.words == words, "a scan that is sent on as another")
    }
  }
}
