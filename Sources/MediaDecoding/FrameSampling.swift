/// Which frames stand for a clip.
public enum FrameSampling {
  /// `linspace(0, n − 1, limit)` truncated to integers, as NumPy computes it; all n frames where n ≤ limit.
  ///
  /// The first and the last frame are always among them (limit 1 takes the first alone).
  public static func evenIndices(frameCount n: Int, limit: Int) -> [Int] {
    precondition(n >= 0 && limit > 0, "\(limit) of \(n) frames")
    if n <= limit { return Array(0..<n) }
    if limit == 1 { return [0] }
    let step = Double(n - 1) / Double(limit - 1)
    return (0..<limit).map { $0 == limit - 1 ? n - 1 : Int(Double($0) * step) }
  }
}
