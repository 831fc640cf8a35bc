import TensorCore

// What retrieval needs: embeddings of clips, images and texts. GCI and SMF take no part.

extension SGMN {
  /// Unit embeddings of B images of R² pixels: (B, D). Keeps nothing for a backward pass.
  public func imageEmbeddings(_ images: [UInt8], layout: PixelLayout = .rgb, backend: any Backend) -> Tensor {
    GradientRecording.off {
      let patches = visual.patches(of: images, layout: layout, dtype: .float32, backend: backend)
      let tokens = visual(patches: patches, classTokensOnly: true)
      return tokens.reshaped([tokens.shape[0], tokens.columnCount]).unitRows()
    }
  }

  /// Unit embeddings of the clips of a batch whose images are not looked at: (N, D).
  public func clipEmbeddings(_ clips: ClipBatch, backend: any Backend) -> Tensor {
    GradientRecording.off {
      let batch = PairBatch(
        pairCount: clips.clipCount, frameCount: clips.frameCount, layout: clips.layout, images: [],
        frames: clips.frames, frameSlots: clips.frameSlots, mask: clips.mask, productKeys: [])
      return encodeClips(batch, backend: backend)
    }
  }

  /// Unit embeddings of texts from their features, or from their tokens where the model encodes texts itself: (N, D), rows
  /// of zeros where one is missing, or nil where the model has no text.
  public func textEmbeddings(
    _ text: PairBatch.TextInput, _ kind: TextKind, count: Int, backend: any Backend
  ) -> Tensor? {
    guard let filter = kind == .asr ? asr : title else { return nil }
    return GradientRecording.off {
      filter.unitTexts(text, by: textEncoder, count: count, dtype: .float32, backend: backend)
    }
  }

  public enum TextKind: Sendable { case asr, title }
}

/// Clips alone, as `PairBatch` holds them.
public struct ClipBatch: Sendable {
  public var clipCount: Int
  public var frameCount: Int
  public var layout: PixelLayout
  /// The valid frames, F pictures of R² pixels.
  public var frames: [UInt8]
  /// clip·L + t of each, [F].
  public var frameSlots: [Int32]
  /// Which frames are valid, [N, L].
  public var mask: [Bool]

  public init(
    clipCount: Int, frameCount: Int, layout: PixelLayout = .rgb, frames: [UInt8], frameSlots: [Int32], mask: [Bool]
  ) {
    self.clipCount = clipCount
    self.frameCount = frameCount
    self.layout = layout
    self.frames = frames
    self.frameSlots = frameSlots
    self.mask = mask
  }
}
