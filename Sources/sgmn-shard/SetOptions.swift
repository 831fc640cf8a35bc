import ArgumentParser
import Collectives
import Faults
import ShardBuilding
import ShardFormat
import WorkerProcesses

/// What a set shall be, and how it is decoded; the same for `build` and `estimate`.
struct SetOptions: ParsableArguments {
  @Option(help: "Pixels of a side: short side resized, centre cropped.") var resolution = 224
  @Option(help: "Frames of a clip at most, evenly spaced.") var frames = 10
  @Option(help: "How pixels are kept: yuv420 (half the bytes, as JPEG and H.264 do) or rgb (exact).")
  var pixels: PixelsName = .yuv420
  @Option(help: "zstd level, 1 … 19.") var level = 1
  @Option(help: ArgumentHelp("Entries of the source in a shard.", valueName: "count")) var samplesPerShard = 512
  @Option(help: "What turns titles and speech into vectors: hashed-ngrams or none.")
  var textEncoder: TextEncoderName?
  @Option(help: "Decoding threads of each process. Default: the machine's cores, shared by its ranks.")
  var threads: Int?
  @Option(help: ArgumentHelp("The most time for one clip; then it counts as bad.", valueName: "seconds"))
  var decodeTimeout = 60.0
  @Option(help: ArgumentHelp("The most memory of a decoder beside the program itself, in MiB.", valueName: "MiB"))
  var decodeMemory = 4096

  enum PixelsName: String, ExpressibleByArgument, CaseIterable {
    case yuv420
    case rgb

    var encoding: PixelEncoding { self == .rgb ? .rgb : .yuv420 }
  }

  enum TextEncoderName: String, ExpressibleByArgument, CaseIterable {
    case hashedNgrams = "hashed-ngrams"
    case none
  }

  func validate() throws {
    if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads is 1 … 1024.") }
    guard decodeTimeout > 0, decodeTimeout <= 86_400 else {
      throw ValidationError("--decode-timeout is more than 0 and at most 86400.")
    }
    guard (64...(1 << 20)).contains(decodeMemory) else { throw ValidationError("--decode-memory is 64 … 1048576.") }
  }

  func threadCount(on communicator: any Communicator) -> Int {
    threads ?? min(1024, Topology.current().threadCount(localRankCount: communicator.localRankCount))
  }

  /// Throws `Fault(.usage)` where a setting is not allowed.
  func builder(_ source: SourceDescription.Opened, _ policy: ShardBuilder.BadSamplePolicy) throws -> ShardBuilder {
    let texts: TextVectors
    switch (source.textEncoder, textEncoder) {
    case (let name?, nil): texts = .given(name: name, width: source.textWidth)
    case (_?, _?):
      throw Fault(.usage, "--text-encoder with embeddings that are given", remedy: "Leave one of them out")
    case (nil, TextEncoderName.none?): texts = .none
    case (nil, _): texts = .hashedNgrams
    }
    let workers = DecodeWorkers(
      .itself([DecodeWorkerCommand.name]), sampleSeconds: decodeTimeout, memoryByteCount: decodeMemory << 20)
    do {
      return try ShardBuilder(
        configuration: ShardConfiguration(
          resolution: resolution, maximumFrameCount: frames, pixelEncoding: pixels.encoding, compressionLevel: level,
          samplesPerShard: samplesPerShard),
        texts: texts, badSamplePolicy: policy, decoding: .workers(workers))
    } catch let fault as Fault {
      throw Fault(.usage, fault.what, remedy: fault.remedy)
    }
  }
}
