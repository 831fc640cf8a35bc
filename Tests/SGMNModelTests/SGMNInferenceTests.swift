import NeuralNetworks
import TensorCore
import Testing

@testable import SGMNModel

@Suite struct SGMNInferenceTests {
  private let valid = [3, 1, 2]

  @Test(arguments: [ModelConfiguration.Padding.standard, .release])
  func embeddingsAreThoseOfTraining(padding: ModelConfiguration.Padding) throws {
    let c = ModelConfiguration.tiny.with { $0.padding = padding }
    let model = try SGMN(c)
    let arena = bind(model, dtype: .float32)
    let batch = PairBatch.random(c, validCounts: valid, products: [1, 2, 3])
    let output = model(batch, backend: cpu)
    #expect(distance(model.imageEmbeddings(batch.images, backend: cpu).doubles(), output.image.doubles()) < 1e-5)
    #expect(distance(model.clipEmbeddings(batch.clips, backend: cpu).doubles(), output.clip.doubles()) < 1e-5)
    let texts = try #require(output.texts)
    let asr = try #require(model.textEmbeddings(batch.asr, .asr, count: 3, backend: cpu))
    let title = try #require(model.textEmbeddings(batch.title, .title, count: 3, backend: cpu))
    #expect(distance(asr.doubles(), texts.asr.doubles()) < 1e-6)
    #expect(distance(title.doubles(), texts.title.doubles()) < 1e-6)
    #expect(!model.imageEmbeddings(batch.images, backend: cpu).isTracked)
    withExtendedLifetime(arena) {}
  }

  @Test func aModelWithoutTextEmbedsNone() throws {
    let c = ModelConfiguration.tiny.with { $0.text = false }
    let model = try SGMN(c)
    #expect(model.textEmbeddings(PairBatch.TextInput(), .title, count: 0, backend: cpu) == nil)
  }

  /// A clip alone and unpadded, padded, or among longer ones.
  @Test(arguments: [true, false]) func paddingDoesNotChangeAClip(tmc: Bool) throws {
    let c = ModelConfiguration.tiny.with { $0.tmc = tmc }
    let model = try SGMN(c)
    let arena = bind(model, dtype: .float32)
    let together = PairBatch.random(c, validCounts: [2, 3, 1], products: [1, 2, 3])
    let first = PairBatch.random(c, validCounts: [2], products: [1])
    let unpadded = PairBatch.random(c, validCounts: [2], products: [1], frameCount: 2)
    let embeddings = [together, first, unpadded].map {
      Array(model.clipEmbeddings($0.clips, backend: cpu).doubles().prefix(c.embedDim))
    }
    #expect(distance(embeddings[0], embeddings[1]) < 1e-5)
    #expect(distance(embeddings[0], embeddings[2]) < 1e-5)
    #expect(abs(dot(embeddings[0], embeddings[0]) - 1) < 1e-5)
    withExtendedLifetime(arena) {}
  }

  /// Without motion compensation a clip is the mean of its frames, each of which is a picture like any other.
  @Test func withoutMotionCompensationAClipIsTheMeanOfItsFrames() throws {
    let c = ModelConfiguration.tiny.with { $0.tmc = false }
    let model = try SGMN(c)
    let arena = bind(model, dtype: .float32)
    let clip = PairBatch.random(c, validCounts: [3], products: [1])
    let frames = model.imageEmbeddings(clip.frames, backend: cpu).doubles()
    let sum: [Double] = (0..<8).map { column in [0, 8, 16].reduce(0.0) { $0 + frames[$1 + column] } }
    let length = dot(sum, sum).squareRoot()
    let embedding = model.clipEmbeddings(clip.clips, backend: cpu).doubles()
    #expect(distance(embedding, sum.map { $0 / length }) < 1e-5)
    withExtendedLifetime(arena) {}
  }
}
