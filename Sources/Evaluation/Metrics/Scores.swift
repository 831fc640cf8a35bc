/// Scores of one query against its gallery: a row of numbers, the greatest the best.
public enum Scores {
  /// The rank of the best right image, from 1: one more than the number of wrong images that are not worse.
  ///
  /// A wrong image with the same score counts as better, so a model that gives every image one score finds nothing.
  /// A score that is not a number is worse than any other where the image is right, and better where it is wrong.
  ///
  /// - Parameters:
  ///   - answers: places of the right images in `scores`, ascending.
  ///   - scores: one number an image of the gallery.
  /// - Returns: nil without a right image.
  public static func rank(ofBest answers: [Int], in scores: [Float]) -> Int? {
    guard !answers.isEmpty else { return nil }
    var best = -Float.infinity
    for place in answers where scores[place] > best { best = scores[place] }
    var notWorse = scores.count { !($0 < best) }
    for place in answers where !(scores[place] < best) { notWorse -= 1 }
    return notWorse + 1
  }

  /// a·b of two rows of `count` numbers, always summed in the same order, so equal rows give equal products.
  static func dot(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, count: Int) -> Float {
    typealias Lanes = SIMD16<Float>
    let whole = count / Lanes.scalarCount * Lanes.scalarCount
    let (x, y) = (UnsafeRawPointer(a), UnsafeRawPointer(b))
    var sums = Lanes.zero
    for start in stride(from: 0, to: whole, by: Lanes.scalarCount) {
      let offset = start * MemoryLayout<Float>.stride
      sums +=
        x.loadUnaligned(fromByteOffset: offset, as: Lanes.self)
        * y.loadUnaligned(fromByteOffset: offset, as: Lanes.self)
    }
    var sum = sums.sum()
    for index in whole..<count { sum += a[index] * b[index] }
    return sum
  }
}
