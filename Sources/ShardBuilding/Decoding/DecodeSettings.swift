import Faults
import Foundation
import MediaDecoding
import ShardFormat

/// All that the encoding of a sample depends on besides the sample.
struct DecodeSettings: Codable, Sendable {
  var configuration: ShardConfiguration
  var texts: TextVectors
  var maximumPixelCount: Int
  var maximumFrameCount: Int
  var maximumPictureByteCount: Int

  init(configuration: ShardConfiguration, texts: TextVectors, limits: MediaLimits) {
    self.configuration = configuration
    self.texts = texts
    maximumPixelCount = limits.maximumPixelCount
    maximumFrameCount = limits.maximumFrameCount
    maximumPictureByteCount = limits.maximumPictureByteCount
  }

  var limits: MediaLimits {
    MediaLimits(
      maximumPixelCount: maximumPixelCount, maximumFrameCount: maximumFrameCount,
      maximumPictureByteCount: maximumPictureByteCount)
  }
}
