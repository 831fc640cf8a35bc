import Faults
import MediaDecoding
import ShardFormat
import Testing
import TextEncoding

@testable import ShardBuilding

@Suite struct SampleDecoderTests {
  private func decoder(_ texts: TextVectors, _ pixels: PixelEncoding = .yuv420) throws -> SampleDecoder {
    let configuration = ShardConfiguration(
      resolution: 8, maximumFrameCount: 2, pixelEncoding: pixels, textEncoder: texts.name, textWidth: texts.width)
    return try SampleDecoder(DecodeSettings(configuration: configuration, texts: texts, limits: MediaLimits()))
  }

  /// A clip of three grey frames, 8 × 8, and a picture.
  private func source(in folder: String) throws -> SampleSource {
    var source = SampleSource()
    (source.clipID, source.imageID, source.title, source.asr) = ("c", "i", "红色 dress", "hello")
    for level in [10, 100, 200, 250] as [UInt8] {
      let picture = RGBImage(width: 8, height: 8, red: level, green: level, blue: level)
      try OutputFolder.writeFile(try StillEncoder.png(picture), to: "\(folder)/\(level).png")
    }
    source.frames = .pictures([10, 100, 200].map { MediaLocation("\(folder)/\($0).png") })
    source.image = MediaLocation("\(folder)/250.png")
    return source
  }

  /// The sample as a reader of the set gets it.
  private func stored(_ sample: EncodedSample, _ decoder: SampleDecoder, in folder: String) throws -> Sample {
    let writer = try ShardWriter(folder: folder + "/set", configuration: decoder.configuration)
    try writer.append(encoded: sample)
    try writer.finish()
    return try ShardSet(folder: folder + "/set").read(at: 0, using: ShardDecoder())
  }

  @Test(arguments: PixelEncoding.allCases) func `frames and picture in the set's layout`(_ pixels: PixelEncoding) throws
  {
    try withFolder { folder in
      let decoder = try decoder(.hashedNgrams, pixels)
      let sample = try stored(decoder.encode(source(in: folder)), decoder, in: folder)
      #expect(sample.frameIndices == [0, 2])
      #expect(sample.image == [UInt8](repeating: 250, count: 192))
      #expect(sample.frames == [UInt8](repeating: 10, count: 192) + [UInt8](repeating: 200, count: 192))
      let encoder = HashedNgramEncoder()
      // Stored as half floats.
      for (kept, text) in [(sample.titleEmbedding, "红色 dress"), (sample.asrEmbedding, "hello")] {
        #expect(zip(kept, encoder.encode(text)).allSatisfy { abs($0 - $1) < 1e-3 } && kept.count == encoder.width)
      }
    }
  }

  @Test(arguments: ["", " \n", "。，!?"]) func `a text of nothing has no vector`(_ text: String) throws {
    try withFolder { folder in
      let decoder = try decoder(.hashedNgrams)
      var source = try source(in: folder)
      (source.title, source.asr) = (text, "hello")
      let sample = try stored(decoder.encode(source), decoder, in: folder)
      #expect(sample.titleEmbedding.isEmpty && sample.asrEmbedding.count == 512 && sample.title == text)
    }
  }

  @Test func `vectors that are given are kept, and others are refused`() throws {
    try withFolder { folder in
      let decoder = try decoder(.given(name: "chinese-clip", width: 3))
      var source = try source(in: folder)
      source.titleEmbedding = [1, 0.5, -2]
      source.asrEmbedding = [0, 0, 0.25]
      let sample = try stored(decoder.encode(source), decoder, in: folder)
      #expect(sample.titleEmbedding == [1, 0.5, -2] && sample.asrEmbedding == [0, 0, 0.25])
      #expect(try ShardSet(folder: folder + "/set").configuration.textEncoder == "chinese-clip")
      source.asrEmbedding = [1]
      #expect { try decoder.encode(source) } throws: { ($0 as? BadSample)?.fault.code == .badData }
    }
  }

  @Test func `a missing picture and a clip without a frame are bad samples`() throws {
    try withFolder { folder in
      let decoder = try decoder(.none)
      var source = try source(in: folder)
      source.frames = .pictures([])
      #expect { try decoder.encode(source) } throws: {
        ($0 as? BadSample)?.naming.what == "clip c: A clip without a frame"
      }
      source.frames = .none
      source.image = MediaLocation(folder + "/nothing.png")
      #expect { try decoder.encode(source) } throws: { ($0 as? BadSample)?.cause == "missing file" }
    }
  }
}
