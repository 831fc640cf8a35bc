import NeuralNetworks
import TensorCore
import Testing

@testable import SGMNModel

@Suite struct VisualEncoderTests {
  private let c = ModelConfiguration.tiny  // 8×8 pixels, 2×2 patches of 4×4

  @Test func patchesAreNormalisedChannelByChannel() {
    let bytes = pixels(2 * 3 * 64, seed: 1)
    let patches = VisualEncoder(c).patches(of: bytes, dtype: .float64, backend: cpu)
    #expect(patches.shape == [8, 48])
    let values = patches.doubles()
    for picture in 0..<2 {
      for channel in 0..<3 {
        for y in 0..<8 {
          for x in 0..<8 {
            let byte = bytes[((picture * 3 + channel) * 8 + y) * 8 + x]
            let mean = [0.48145466, 0.4578275, 0.40821073][channel]
            let deviation = [0.26862954, 0.26130258, 0.27577711][channel]
            let row = picture * 4 + (y / 4) * 2 + x / 4
            let column = channel * 16 + (y % 4) * 4 + x % 4
            #expect(abs(values[row * 48 + column] - (Double(byte) / 255 - mean) / deviation) < 1e-6)
          }
        }
      }
    }
  }

  @Test func classTokensAreTheFirstOfAllTokens() {
    let encoder = VisualEncoder(c)
    let arena = bind(encoder)
    let patches = encoder.patches(of: pixels(3 * 192, seed: 2), dtype: .float64, backend: cpu)
    let all = encoder(patches: patches, classTokensOnly: false)
    let first = encoder(patches: patches, classTokensOnly: true)
    #expect(all.shape == [3, 5, 8] && first.shape == [3, 1, 8])
    let expected = (0..<3).flatMap { Array(all.doubles()[($0 * 40)..<($0 * 40 + 8)]) }
    #expect(distance(first.doubles(), expected) < 1e-12)
    withExtendedLifetime(arena) {}
  }

  @Test func picturesOfABatchDoNotSeeEachOther() {
    let encoder = VisualEncoder(c)
    let arena = bind(encoder)
    let bytes = pixels(3 * 192, seed: 3)
    let encode = { (bytes: [UInt8]) in
      encoder(patches: encoder.patches(of: bytes, dtype: .float64, backend: cpu), classTokensOnly: false).doubles()
    }
    #expect(distance(Array(encode(bytes)[40..<80]), encode(Array(bytes[192..<384]))) < 1e-12)
    withExtendedLifetime(arena) {}
  }

  /// Without blocks the encoder is a convolution, two norms and a projection: by hand for one patch token.
  @Test func aPatchTokenByHand() {
    let encoder = VisualEncoder(c.with { $0.layers = 0 })
    let arena = bind(encoder)
    let bytes = pixels(192, seed: 4)
    let output = encoder(
      patches: encoder.patches(of: bytes, dtype: .float64, backend: cpu), classTokensOnly: false
    ).doubles()
    let kernel = encoder.convolution.value.doubles()
    // Token 2 is the patch at the top right.
    var token = (0..<12).map { w -> Double in
      var sum = 0.0
      for channel in 0..<3 {
        for y in 0..<4 {
          for x in 0..<4 {
            let pixel = Double(bytes[(channel * 8 + y) * 8 + x + 4]) / 255
            sum +=
              kernel[((w * 3 + channel) * 4 + y) * 4 + x] * (pixel - VisualEncoder.mean[channel])
              / VisualEncoder.deviation[channel]
          }
        }
      }
      return sum + encoder.positions.value.doubles()[2 * 12 + w]
    }
    for norm in [encoder.normBefore, encoder.normAfter] {
      let mean = token.reduce(0, +) / 12
      let variance = token.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 12
      let (weight, bias) = (norm.weight.value.doubles(), norm.bias.value.doubles())
      token = token.indices.map { (token[$0] - mean) / (variance + 1e-5).squareRoot() * weight[$0] + bias[$0] }
    }
    let projection = encoder.projection.value.doubles()
    let expected = (0..<8).map { d in (0..<12).reduce(0) { $0 + token[$1] * projection[$1 * 8 + d] } }
    #expect(distance(Array(output[16..<24]), expected) < 1e-6)
    withExtendedLifetime(arena) {}
  }
}
