import MediaDecoding
import ShardFormat

/// One sample as a strip: its product picture, then all its frames, pixel for pixel.
public enum SampleStrip {
  public static func picture(of sample: Sample, resolution: Int, zoom: Int = 1) -> RGBImage {
    let count = 1 + sample.frameCount
    let (gap, side) = (4 * zoom, resolution * zoom)
    let area = 3 * resolution * resolution
    var strip = RGBImage(
      width: count * side + (count + 1) * gap, height: side + 2 * gap, red: 255, green: 255, blue: 255)
    for place in 0..<count {
      let planes = place == 0 ? sample.image : Array(sample.frames[(place - 1) * area..<place * area])
      let picture = RGBImage(planes: planes, width: resolution, height: resolution).zoomed(zoom)
      strip.draw(picture, left: gap + place * (side + gap), top: gap)
    }
    return strip
  }
}
