import Checkpointing
import Foundation
import Randomness
import SGMNModel

/// Random pictures, clips and texts: as our model takes them, and as the graphs do.
struct InferenceInputs {
  let c: ModelConfiguration
  let imageCount = 3
  let textCount = 3
  /// Which frames each clip has.
  let masks: [[Bool]]
  let tokenCount = 4

  /// Clips of every length, and one with a gap.
  init(_ c: ModelConfiguration) {
    let gap = c.frames > 2 ? [(0..<c.frames).map { $0 != 1 }] : []
    self.init(c, masks: (1...c.frames).map { length in (0..<c.frames).map { $0 < length } } + gap)
  }

  init(_ c: ModelConfiguration, masks: [[Bool]]) { (self.c, self.masks) = (c, masks) }

  private var pictureByteCount: Int { 3 * c.resolution * c.resolution }

  private func picture(_ name: String) -> [UInt8] {
    var stream = RandomStream(seed: 9, "picture " + name)
    return (0..<pictureByteCount / 4).flatMap { _ in withUnsafeBytes(of: stream.next()) { Array($0.prefix(4)) } }
  }

  private func normals(_ count: Int, _ name: String) -> [Float] {
    var stream = RandomStream(seed: 9, name)
    return (0..<count).map { _ in Float(stream.normal()) }
  }

  var images: [UInt8] { (0..<imageCount).flatMap { picture("image \($0)") } }

  var clips: ClipBatch {
    let places = masks.indices.flatMap { clip in (0..<c.frames).filter { masks[clip][$0] }.map { (clip, $0) } }
    return ClipBatch(
      clipCount: masks.count, frameCount: c.frames, frames: places.flatMap { picture("clip \($0.0) \($0.1)") },
      frameSlots: places.map { Int32($0.0 * c.frames + $0.1) }, mask: masks.flatMap { $0 })
  }

  func text(_ name: String) -> PairBatch.TextInput {
    if c.encodesText {
      var stream = RandomStream(seed: 9, name + " ids")
      return PairBatch.TextInput(
        ids: (0..<textCount).map { text in
          (0..<min(c.textEncoder.tokens, text + 3)).map { _ in
            Int32(stream.integer(below: c.textEncoder.vocabularySize))
          }
        })
    }
    return PairBatch.TextInput(
      pooled: normals(textCount * c.textDim, name + " pooled"),
      tokens: normals(textCount * tokenCount * c.textTokenDim, name + " tokens"),
      tokenMask: (0..<textCount).flatMap { text in (0..<tokenCount).map { $0 <= text } })
  }

  /// Ids and which of them are there; behind the end of a text stands what must not count.
  private func tokens(of texts: [[Int32]], _ name: String) -> [(String, SafetensorsType, [Int], [UInt8])] {
    let length = c.textEncoder.tokens
    let ids = texts.flatMap { $0.map { Int64($0) } + [Int64](repeating: 1, count: length - $0.count) }
    let mask = texts.flatMap { text in (0..<length).map { UInt8($0 < text.count ? 1 : 0) } }
    return [
      ("\(name)_encoder.token_ids", .int64, [texts.count, length], ids.withUnsafeBytes { Array($0) }),
      ("\(name)_encoder.token_mask", .bool, [texts.count, length], mask),
    ]
  }

  /// What the graphs take, as `run_onnx.py` wants it: every clip twice, with two different pictures where it has no frame.
  func write(to path: String) throws {
    var tensors: [(String, SafetensorsType, [Int], [UInt8])] = []
    let side = c.resolution
    tensors.append(("image_encoder.pixels", .uint8, [imageCount, 3, side, side], images))
    let frames = (0..<2).flatMap { copy in
      masks.indices.flatMap { clip in
        (0..<c.frames).flatMap {
          picture(masks[clip][$0] ? "clip \(clip) \($0)" : "nothing \(copy) \(clip) \($0)")
        }
      }
    }
    let clipCount = 2 * masks.count
    tensors.append(("clip_encoder.frames", .uint8, [clipCount, c.frames, 3, side, side], frames))
    let mask = (masks + masks).flatMap { $0.map { UInt8($0 ? 1 : 0) } }
    tensors.append(("clip_encoder.mask", .bool, [clipCount, c.frames], mask))
    for name in c.text ? ["asr", "title"] : [] {
      let text = text(name)
      guard !c.encodesText else {
        tensors += tokens(of: text.ids, name)
        continue
      }
      let bytes = { (values: [Float]) in values.withUnsafeBytes { Array($0) } }
      tensors.append(("\(name)_encoder.pooled", .float32, [textCount, c.textDim], bytes(text.pooled)))
      guard c.textFilter == .gated else { continue }
      let shape = [textCount, tokenCount, c.textTokenDim]
      tensors.append(("\(name)_encoder.tokens", .float32, shape, bytes(text.tokens)))
      tensors.append(
        ("\(name)_encoder.token_mask", .bool, [textCount, tokenCount], text.tokenMask.map { $0 ? 1 : 0 }))
    }
    let places = tensors.map { tensor in
      let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: tensor.3.count, alignment: 8)
      memory.copyBytes(from: tensor.3)
      return memory
    }
    defer { for place in places { place.deallocate() } }
    try SafetensorsWriter.write(
      path: path,
      tensors: zip(tensors, places).map {
        .init(name: $0.0, type: $0.1, shape: $0.2, bytes: UnsafeRawBufferPointer($1))
      })
  }
}
