import Faults
import MediaDecoding
import ShardFormat
import Testing
import WorkerProcesses

@testable import ShardBuilding

/// Decoders that fail, each a shell script in the place of the real one.
@Suite struct WorkerEncodingTests {
  private let settings = DecodeSettings(
    configuration: ShardConfiguration(resolution: 8, maximumFrameCount: 2), texts: .none, limits: MediaLimits())

  /// A worker that is ready, and does `script` at its first request.
  private func encoding(_ script: String, seconds: Double = 30) throws -> WorkerEncoding {
    // The frame `ready`: mark, kind 2, no payload.
    let ready = #"WSGM\002\000\000\000\000\000\000\000"#
    let setup = try WorkerSetup(settings: settings, memoryByteCount: 1 << 30).bytes.count + 12
    let command = WorkerCommand(
      executable: "/bin/bash",
      arguments: ["bash", "-c", "head -c \(setup) >/dev/null; printf '\(ready)' >&3; head -c 13 >/dev/null; \(script)"])
    return try WorkerEncoding(
      DecodeWorkers(command, sampleSeconds: seconds, memoryByteCount: 1 << 30), settings: settings,
      cancellation: Cancellation())
  }

  private var source: SampleSource {
    var source = SampleSource()
    source.clipID = "17"
    return source
  }

  @Test(arguments: [
    ("kill -SEGV $$", "decoder crashed", "clip 17: The decoder crashed (signal 11, segmentation fault)"),
    ("exec sleep 60", "decoder hung", "clip 17: The decoder gave no answer within 0.5 s"),
    ("exec head -c 100 /dev/zero >&3", "decoder garbled", "clip 17: The decoder sent what is no answer"),
    // A frame of the right form, with four bytes that are no sample.
    (
      #"printf 'WSGM\004\000\000\000\004\000\000\000abcd' >&3; exec sleep 60"#, "decoder garbled",
      "clip 17: The decoder sent what is no answer"
    ),
    ("exit 9", "decoder ended", "clip 17: The decoder ended with code 9 and without an answer"),
  ])
  func `a decoder that fails costs the sample, and another takes its place`(
    _ script: String, _ cause: String, _ what: String
  ) throws {
    let encoding = try encoding(script, seconds: cause == "decoder hung" ? 0.5 : 30)
    for _ in 0..<2 {
      #expect { try encoding.encode(source) } throws: {
        let bad = $0 as? BadSample
        return bad?.cause == cause && bad?.naming.what == what && bad?.id == "17" && bad?.fault.code == .badData
      }
    }
  }

  @Test func `a decoder that does not start stops the build`() throws {
    let command = WorkerCommand(executable: "/bin/false", arguments: ["false"])
    let workers = DecodeWorkers(command)
    #expect { try WorkerEncoding(workers, settings: settings, cancellation: Cancellation()) } throws: {
      ($0 as? Fault)?.code == .internalError
    }
  }
}
