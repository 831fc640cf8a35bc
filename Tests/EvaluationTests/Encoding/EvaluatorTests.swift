import Collectives
import Faults
import Foundation
import SGMNModel
import ShardFormat
import Synchronization
import TensorCore
import Testing
import TextEncoding

@testable import Evaluation

@Suite struct EvaluatorTests {
  typealias Fixtures = EvaluationFixtures

  /// The ranks of all clips, computed one sample at a time and in double precision, from the definition.
  private func bruteForce(
    _ model: SGMN, _ backend: any Backend, text: Bool, _ samples: [Sample] = Fixtures.samples,
    tokenizer: TextTokenizer? = nil
  ) -> [Int?] {
    func unit(_ words: String?, _ features: [Float]?, _ tokens: TokenFeatures?, _ kind: SGMN.TextKind) -> [Double] {
      guard text else { return [] }
      if let tokenizer {
        let ids = tokenizer.ids(of: words ?? "")
        return ids.isEmpty
          ? []
          : model.textEmbeddings(PairBatch.TextInput(ids: [ids]), kind, count: 1, backend: backend)!.doubles()
      }
      guard let features, !features.isEmpty else { return [] }
      let input = PairBatch.TextInput(
        pooled: features, tokens: tokens?.values.map { Float($0) } ?? [],
        tokenMask: [Bool](repeating: true, count: tokens?.count ?? 0))
      return model.textEmbeddings(input, kind, count: 1, backend: backend)!.doubles()
    }
    func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
    var images: [String: (visual: [Double], title: [Double])] = [:]
    for sample in samples where images[sample.imageID] == nil {
      let titled = samples.first {
        $0.imageID == sample.imageID && (tokenizer?.reads($0.title) ?? !$0.titleEmbedding.isEmpty)
      }
      images[sample.imageID] = (
        model.imageEmbeddings(sample.image, backend: backend).doubles(),
        unit(titled?.title, titled?.titleEmbedding, titled?.tokens.title, .title)
      )
    }
    return samples.filter { $0.frameCount > 0 }.map { clip in
      // 4 frames in 3 places: 0, 3/2, 3; and so on.
      let chosen =
        clip.frameCount <= 3 ? Array(0..<clip.frameCount) : [0, (clip.frameCount - 1) / 2, clip.frameCount - 1]
      let batch = ClipBatch(
        clipCount: 1, frameCount: 3, frames: chosen.flatMap { clip.frames[($0 * 768)..<(($0 + 1) * 768)] },
        frameSlots: chosen.indices.map { Int32($0) }, mask: (0..<3).map { $0 < chosen.count })
      let v = model.clipEmbeddings(batch, backend: backend).doubles()
      let asr = unit(clip.asr, clip.asrEmbedding, clip.tokens.asr, .asr)
      let gallery = Set(samples.filter { $0.liveID == clip.liveID }.map(\.imageID))
      let scores = Dictionary(
        uniqueKeysWithValues: gallery.map { id in
          let image = images[id]!
          return (id, dot(v, image.visual) + model.configuration.lambdaText * dot(asr, image.title))
        })
      let right = Set(clip.rightImageIDs.isEmpty ? [clip.imageID] : clip.rightImageIDs).intersection(gallery)
      guard let best = right.map({ scores[$0]! }).max() else { return nil }
      return 1 + gallery.subtracting(right).count { scores[$0]! >= best }
    }
  }

  /// The gated filter reads the features of every token, whatever else is in the batch; so do two ranks.
  @Test(arguments: [1, 2])
  func aGatedFilterAgreesWithTheDefinition(rankCount: Int) throws {
    let folder = try TemporaryFolder()
    let shards = try Fixtures.shards(
      folder.path, Fixtures.tokenSamples, configuration: Fixtures.tokenConfiguration)
    let reports = try ThreadRanks.run(rankCount) { communicator in
      let (model, arena, backend) = try Fixtures.model(Fixtures.gatedModelConfiguration)
      defer { withExtendedLifetime(arena) {} }
      let evaluator = Evaluator(
        model: model, backend: backend, communicator: communicator, configuration: EvaluationOptions(batchSize: 8))
      let report = try evaluator.evaluate(shards)
      let ranks = bruteForce(model, backend, text: true, Fixtures.tokenSamples)
      // The pooled embeddings alone would give something else.
      let (linear, other, _) = try Fixtures.model()
      defer { withExtendedLifetime(other) {} }
      #expect(ranks != bruteForce(linear, backend, text: true))
      #expect(report.overall == Recall(ranks: ranks))
      let clips = Fixtures.tokenSamples.filter { $0.frameCount > 0 }
      for live in report.lives {
        #expect(live.recall == Recall(ranks: zip(clips, ranks).filter { $0.0.liveID == live.live }.map(\.1)))
      }
      return report.json
    }
    #expect(Set(reports).count == 1)
  }

  /// A model that encodes texts reads the words of every sample, whatever else is in the batch; so do two ranks.
  @Test(arguments: [1, 2], [ModelConfiguration.TextFilterKind.linear, .gated])
  func aTrainedEncoderAgreesWithTheDefinition(rankCount: Int, filter: ModelConfiguration.TextFilterKind) throws {
    let folder = try TemporaryFolder()
    let shards = try Fixtures.shards(folder.path, Fixtures.wordSamples, configuration: Fixtures.wordConfiguration)
    let tokenizer = try Fixtures.tokenizer()
    let reports = try ThreadRanks.run(rankCount) { communicator in
      let (model, arena, backend) = try Fixtures.model(Fixtures.encodingModelConfiguration(filter))
      defer { withExtendedLifetime(arena) {} }
      let evaluator = Evaluator(
        model: model, tokenizer: tokenizer, backend: backend, communicator: communicator,
        configuration: EvaluationOptions(batchSize: 8))
      let report = try evaluator.evaluate(shards)
      let ranks = bruteForce(model, backend, text: true, Fixtures.wordSamples, tokenizer: tokenizer)
      #expect(ranks != bruteForce(model, backend, text: false, Fixtures.wordSamples))
      #expect(report.overall == Recall(ranks: ranks))
      let clips = Fixtures.wordSamples.filter { $0.frameCount > 0 }
      for live in report.lives {
        #expect(live.recall == Recall(ranks: zip(clips, ranks).filter { $0.0.liveID == live.live }.map(\.1)))
      }
      // Blank texts are none: of clips by themselves, of pictures where no sample has another.
      #expect(report.texts?.clips == clips.count { !$0.asr.isEmpty })
      #expect(try evaluator.evaluate(shards, usesText: false).overall != report.overall)
      return report.json
    }
    #expect(Set(reports).count == 1)
  }

  @Test(arguments: [true, false])
  func agreesWithTheDefinition(text: Bool) throws {
    let folder = try TemporaryFolder()
    let shards = try Fixtures.shards(folder.path)
    #expect(shards.index.shards.count > 1)
    let (model, arena, backend) = try Fixtures.model()
    let evaluator = Evaluator(
      model: model, backend: backend, communicator: SoloCommunicator(),
      configuration: EvaluationOptions(batchSize: 8, model: .init(checkpoint: "step_0000003", step: 3)))
    let report = try evaluator.evaluate(shards, usesText: text)
    let ranks = bruteForce(model, backend, text: text)
    withExtendedLifetime(arena) {}

    #expect(report.overall == Recall(ranks: ranks))
    // The comparison says something: neither all right nor all wrong, and text matters.
    #expect(report.overall.r1 > 0 && report.overall.r1 < report.overall.r5 && report.overall.r5 < 1)
    let clips = Fixtures.samples.filter { $0.frameCount > 0 }
    for scale in ["small", "medium", "large"] {
      let members = zip(clips, ranks).filter { $0.0.tags["scale"] == scale }
      #expect(report.subsets["scale/\(scale)"] == Recall(ranks: members.map(\.1)))
    }
    #expect(report.subsets["note/rare"]?.queries == clips.count { $0.tags["note"] != nil })
    for live in report.lives {
      let members = zip(clips, ranks).filter { $0.0.liveID == live.live }
      #expect(live.recall == Recall(ranks: members.map(\.1)))
      #expect(live.images == Set(Fixtures.samples.filter { $0.liveID == live.live }.map(\.imageID)).count)
    }
    #expect(report.lives.count == 4)
    #expect(report.unanswerable.clips == ["clip-21", "clip-33"])
    #expect(report.usesText == text && report.textWeight == (text ? 0.5 : nil))
    let images = Set(Fixtures.samples.map(\.imageID))
    let titled = Set(Fixtures.samples.filter { !$0.titleEmbedding.isEmpty }.map(\.imageID))
    let spokenCount = clips.count { !$0.asrEmbedding.isEmpty }
    #expect(spokenCount < clips.count && titled.count < images.count)
    #expect(
      report.texts
        == (text ? .init(clips: spokenCount, of: clips.count, images: titled.count, of: images.count) : nil))
    #expect(report.model == .init(checkpoint: "step_0000003", step: 3))
    #expect(report.data == .init(folder: folder.path, fingerprint: shards.fingerprint))
  }

  @Test func textChangesTheResult() throws {
    let (model, arena, backend) = try Fixtures.model()
    #expect(bruteForce(model, backend, text: true) != bruteForce(model, backend, text: false))
    withExtendedLifetime(arena) {}
  }

  /// 2 and 3 ranks share the batches unevenly; with 9 some have none.
  @Test(arguments: [2, 3, 9])
  func theRankCountDoesNotMatter(rankCount: Int) throws {
    let folder = try TemporaryFolder()
    let shards = try Fixtures.shards(folder.path)
    let evaluate: @Sendable (any Communicator) throws -> RetrievalReport = { communicator in
      let (model, arena, backend) = try Fixtures.model()
      defer { withExtendedLifetime(arena) {} }
      let options = EvaluationOptions(batchSize: 5)
      return try Evaluator(model: model, backend: backend, communicator: communicator, configuration: options)
        .evaluate(shards)
    }
    let alone = try evaluate(SoloCommunicator())
    for report in try ThreadRanks.run(rankCount, evaluate) { #expect(report.json == alone.json) }
  }

  /// The reports agree because the embeddings do, to the last bit.
  @Test func embeddingsAreTheSameBitForBit() throws {
    let folder = try TemporaryFolder()
    let shards = try Fixtures.shards(folder.path)
    let encode: @Sendable (any Communicator) throws -> [EmbeddingTable] = { communicator in
      let (model, arena, backend) = try Fixtures.model()
      defer { withExtendedLifetime(arena) {} }
      let evaluator = Evaluator(
        model: model, backend: backend, communicator: communicator, configuration: EvaluationOptions(batchSize: 5))
      let plan = try ShardTask(shards)
      let silent = { (_: EvaluationProgress) in }
      return [
        try evaluator.encode(.images, plan.imageSamples, of: shards, silent) {
          try evaluator.encodeImages($0, $1, plan, shards, text: true)
        },
        try evaluator.encode(.clips, plan.clipSamples, of: shards, silent) {
          try evaluator.encodeClips($1, text: true)
        },
      ]
    }
    let alone = try encode(SoloCommunicator())
    #expect(alone[0].text != nil && alone[1].text != nil)
    for tables in try ThreadRanks.run(3, encode) { #expect(tables == alone) }
  }

  /// What keeps the embeddings equal also where a product's rounding depends on its size: the batches are the same.
  @Test(arguments: [1, 3, 4])
  func theRanksShareTheBatchesOfOne(rankCount: Int) throws {
    let folder = try TemporaryFolder()
    let shards = try Fixtures.shards(folder.path)
    let seen = try ThreadRanks.run(rankCount) { communicator in
      let (model, arena, backend) = try Fixtures.model()
      defer { withExtendedLifetime(arena) {} }
      let evaluator = Evaluator(
        model: model, backend: backend, communicator: communicator, configuration: .init(batchSize: 4))
      var seen: [[Int]] = []
      let silent = { (_: EvaluationProgress) in }
      let numbers = Array(stride(from: 45, to: 0, by: -5))  // not in the order of the set
      _ = try evaluator.encode(.images, numbers, of: shards, silent) { batch, samples in
        #expect(samples.map(\.imageID) == batch.map { Fixtures.samples[numbers[$0]].imageID })
        seen.append(Array(batch))
        return Evaluator.EncodedBatch(visual: Tensor.zeros([batch.count, 24], backend: backend))
      }
      return seen
    }
    #expect(seen.flatMap { $0 }.sorted { $0[0] < $1[0] } == [[0, 1, 2, 3], [4, 5, 6, 7], [8]])
    #expect(seen[0].first == [0, 1, 2, 3])
  }

  @Test func progressCountsThisRanksItems() throws {
    let folder = try TemporaryFolder()
    let shards = try Fixtures.shards(folder.path)
    let (model, arena, backend) = try Fixtures.model()
    let evaluator = Evaluator(
      model: model, backend: backend, communicator: SoloCommunicator(), configuration: .init(batchSize: 16))
    var seen: [EvaluationProgress] = []
    _ = try evaluator.evaluate(shards) { seen.append($0) }
    withExtendedLifetime(arena) {}
    #expect(seen.filter { $0.phase == .images }.map(\.done) == [0, 16, 17])
    #expect(seen.filter { $0.phase == .clips }.map(\.done) == [0, 16, 32, 41])
    #expect(seen.last == EvaluationProgress(phase: .ranking, done: 41, total: 41))
  }

  private func fault(
    _ model: ModelConfiguration, _ samples: [Sample], _ shards: ShardConfiguration, usesText: Bool = true
  ) throws -> Fault? {
    let folder = try TemporaryFolder()
    let set = try Fixtures.shards(folder.path, samples, configuration: shards)
    let (model, arena, backend) = try Fixtures.model(model)
    defer { withExtendedLifetime(arena) {} }
    do {
      let evaluator = Evaluator(model: model, backend: backend, communicator: SoloCommunicator())
      _ = try evaluator.evaluate(set, usesText: usesText)
      return nil
    } catch let fault as Fault { return fault }
  }

  @Test func anotherResolutionIsNamed() throws {
    var model = Fixtures.modelConfiguration
    model.resolution = 24
    let fault = try #require(try fault(model, Fixtures.samples, Fixtures.shardConfiguration))
    #expect(fault.code == .configuration)
    #expect(fault.what == "The shards hold pictures of 16 pixels a side, the model sees 24")
    #expect(fault.remedy?.contains("24") == true)
  }

  @Test func shardsWithoutTextNeedAModelWithoutOrAWord() throws {
    let silent = Fixtures.samples.map { sample in
      var sample = sample
      (sample.titleEmbedding, sample.asrEmbedding) = ([], [])
      return sample
    }
    let shards = ShardConfiguration(resolution: 16, maximumFrameCount: 6)
    var model = Fixtures.modelConfiguration
    let refused = try #require(try fault(model, silent, shards))
    #expect(refused.code == .configuration && refused.what.contains("no text embeddings"))
    #expect(refused.remedy?.contains("evaluate without text") == true)
    #expect(try fault(model, silent, shards, usesText: false) == nil)
    model.text = false
    #expect(try fault(model, silent, shards) == nil)
  }

  @Test func anotherTextWidthOrAGatedFilterIsRefused() throws {
    var model = Fixtures.modelConfiguration
    model.textDim = 8
    let width = try #require(try fault(model, Fixtures.samples, Fixtures.shardConfiguration))
    #expect(width.code == .configuration && width.what.contains("6 numbers") && width.what.contains("8"))
    model.textDim = 6
    model.textFilter = .gated
    let gated = try #require(try fault(model, Fixtures.samples, Fixtures.shardConfiguration))
    #expect(gated.code == .configuration)
    #expect(gated.what == "The model's text filter is gated and needs token features; the shards hold none")
    #expect(gated.remedy?.contains("sgmn-shard embed --tokens") == true)
    let tokens = try #require(try fault(model, Fixtures.tokenSamples, Fixtures.tokenConfiguration))
    #expect(tokens.what == "The shards hold token features of 3 numbers, the model takes 768")
    #expect(try fault(model, Fixtures.samples, Fixtures.shardConfiguration, usesText: false) == nil)
  }

  @Test func aSetWithoutClipsOrABatchOfNothingIsRefused() throws {
    let pictures = Fixtures.samples.filter { $0.frameCount == 0 }
    let fault = try #require(try fault(Fixtures.modelConfiguration, pictures, Fixtures.shardConfiguration))
    #expect(fault.code == .badData && fault.what.contains("no clip"))
    #expect(throws: Fault.self) { try EvaluationOptions(batchSize: 0).validate() }
  }

  @Test func aDamagedSampleEndsTheEvaluation() throws {
    let folder = try TemporaryFolder()
    let shards = try Fixtures.shards(folder.path)
    let damaged = shards.location(of: 7)
    let file = try #require(FileHandle(forUpdatingAtPath: damaged.path))
    try file.seek(toOffset: UInt64(damaged.offset + damaged.byteCount - 3))
    try file.write(contentsOf: [0x55, 0xAA])
    try file.close()
    let (model, arena, backend) = try Fixtures.model()
    defer { withExtendedLifetime(arena) {} }
    let evaluator = Evaluator(model: model, backend: backend, communicator: SoloCommunicator())
    let fault = try #require(throws: Fault.self) { try evaluator.evaluate(shards) }
    #expect(fault.code == .badData && fault.place?.contains("clip 'clip-7'") == true)
  }

  @Test func ranksWithDifferentShardsAreFound() throws {
    let folders = try [TemporaryFolder(), TemporaryFolder()]
    let sets = try [
      Fixtures.shards(folders[0].path), Fixtures.shards(folders[1].path, Array(Fixtures.samples.dropLast())),
    ]
    let codes = try ThreadRanks.run(2) { communicator in
      let (model, arena, backend) = try Fixtures.model()
      defer { withExtendedLifetime(arena) {} }
      let evaluator = Evaluator(model: model, backend: backend, communicator: communicator)
      do { _ = try evaluator.evaluate(sets[communicator.rank]) } catch let fault as Fault { return fault.code }
      return .done
    }
    #expect(codes == [.ranksDiverged, .ranksDiverged])
  }

  /// A picture that cannot be told from the right one takes its place, wherever the right one stands.
  @Test func identicalPicturesAreATie() throws {
    let samples = (0..<4).map { number in
      Sample(
        clipID: "clip-\(number)", imageID: "image-\(number)", liveID: "live", frameIndices: [0],
        frames: Fixtures.picture(number), image: Fixtures.picture(99))
    }
    let folder = try TemporaryFolder()
    let shards = try Fixtures.shards(folder.path, samples)
    let (model, arena, backend) = try Fixtures.model()
    let report = try Evaluator(
      model: model, backend: backend, communicator: SoloCommunicator(), configuration: .init(batchSize: 1)
    ).evaluate(shards)
    withExtendedLifetime(arena) {}
    #expect(report.overall == Recall(ranks: [4, 4, 4, 4]))
  }
}
