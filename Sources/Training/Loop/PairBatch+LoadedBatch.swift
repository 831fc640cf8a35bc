import DataLoading
import SGMNModel
import ShardFormat
import TensorCore
import TextEncoding

extension PairBatch {
  /// Some pairs of a batch as the model takes them: pictures as the shards hold them, the frames packed.
  ///
  /// - Parameters:
  ///   - pairs: which ones; nil for all.
  ///   - text: whether the texts of the shards take part.
  ///   - tokenizer: makes tokens of the texts themselves; nil takes the embeddings that the shards hold.
  ///   - staging: the way of the pictures to a device; nil leaves them in host memory.
  init(
    _ batch: LoadedBatch, pairs: Range<Int>? = nil, text: Bool, tokenizer: TextTokenizer? = nil,
    staging: (any PictureStaging)? = nil
  ) {
    let pairs = pairs ?? 0..<batch.pairCount
    let pictureByteCount = batch.pixelEncoding.pictureByteCount(resolution: batch.resolution)
    func pictures(_ count: Int, _ picture: (Int) -> UnsafeRawBufferPointer) -> [UInt8] {
      [UInt8](unsafeUninitializedCapacity: count * pictureByteCount) { buffer, initialized in
        let all = UnsafeMutableRawBufferPointer(buffer)
        for number in 0..<count {
          let place = (number * pictureByteCount)..<((number + 1) * pictureByteCount)
          UnsafeMutableRawBufferPointer(rebasing: all[place]).copyMemory(from: picture(number))
        }
        initialized = count * pictureByteCount
      }
    }
    let allSlots = (pairs.lowerBound * batch.framesPerClip)..<(pairs.upperBound * batch.framesPerClip)
    let slots = batch.frameSlots.filter { allSlots.contains(Int($0)) }
    let image = { batch.image(ofPair: pairs.lowerBound + $0) }
    let frame = { batch.frame(inSlot: slots[$0]) }
    self.init(
      pairCount: pairs.count, frameCount: batch.framesPerClip, layout: batch.pixelEncoding.layout,
      images: staging == nil ? pictures(pairs.count, image) : [],
      frames: staging == nil ? pictures(slots.count, frame) : [],
      frameSlots: slots.map { $0 - Int32(allSlots.lowerBound) }, mask: Array(batch.mask[allSlots]),
      productKeys: Array(batch.productKeys[pairs]))
    staged = staging?.stage(pairs.count + slots.count, byteCount: pictureByteCount) {
      $0 < pairs.count ? image($0) : frame($0 - pairs.count)
    }
    guard text else { return }
    if let tokenizer {
      let ids = { (texts: [String]) in
        let ids = texts[pairs].map { tokenizer.ids(of: $0) }
        return TextInput(isPresent: ids.map { !$0.isEmpty }, ids: ids)
      }
      (asr, title) = (ids(batch.asrs), ids(batch.titles))
      return
    }
    let rows = { (embeddings: [Float], tokens: [TokenFeatures?], isPresent: [Bool]) in
      let width = embeddings.count / batch.pairCount
      var input = TextInput(
        pooled: Array(embeddings[(pairs.lowerBound * width)..<(pairs.upperBound * width)]),
        isPresent: Array(isPresent[pairs]))
      if !tokens.isEmpty {
        // To the longest text of these pairs alone, so that parts of a batch are what smaller batches would be.
        let padded = PaddedTokens(Array(tokens[pairs]), width: batch.tokenWidth)
        (input.tokens, input.tokenMask) = (padded.values, padded.mask)
      }
      return input
    }
    asr = rows(batch.asrEmbeddings, batch.asrTokens, batch.hasASR)
    title = rows(batch.titleEmbeddings, batch.titleTokens, batch.hasTitle)
  }
}

extension PixelEncoding {
  /// How its pictures lie in memory, in the tensor engine's terms.
  fileprivate var layout: PixelLayout {
    switch self {
    case .rgb: .rgb
    case .yuv420: .yuv420
    }
  }
}
