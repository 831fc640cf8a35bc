/// Which losses stand out from those before them. All ranks see the same losses, so all find the same.
///
/// With m and v the exponentially weighted mean and variance of the losses before (window about 100 steps) and
/// σ = max(√v, |m| / 1000): z = (x − m) / σ, and x is a spike where z > limit. A spike enters the sums as m + limit · σ, so
/// that one does not hide the next and a level that stays high becomes the usual one.
struct LossSpikes: Equatable {
  /// 0 finds none.
  let limit: Double
  private var mean = 0.0
  private var variance = 0.0
  private var count = 0

  /// Steps before the sums say anything.
  static let warmup = 50
  private static let window = 100.0
  /// Of the mean: a loss that hardly moves does not make spikes of its last digits.
  private static let leastRelativeDeviation = 1e-3

  init(limit: Double) { self.limit = limit }

  /// Takes the next loss, which is finite; returns z where it is a spike.
  mutating func deviation(of loss: Double) -> Double? {
    guard limit > 0 else { return nil }
    let deviation = max(variance.squareRoot(), abs(mean) * LossSpikes.leastRelativeDeviation)
    let isWarm = count >= LossSpikes.warmup && deviation > 0
    let z = isWarm ? (loss - mean) / deviation : 0
    take(z > limit ? mean + limit * deviation : loss)
    return z > limit ? z : nil
  }

  /// The first losses count alike, so that the very first one does not weigh for a whole window.
  private mutating func take(_ loss: Double) {
    count += 1
    let weight = max(1 / Double(count), 2 / (LossSpikes.window + 1))
    let change = loss - mean
    mean += weight * change
    variance = (1 - weight) * (variance + weight * change * change)
  }
}
