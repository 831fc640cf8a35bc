/// Which stretches of the set a rank announces at which step, so that they are in memory when their window comes.
///
/// At the first step the window under way is announced at once; then the next window bit by bit, as far as the window
/// under way is done, so that the disk has an even load. The ranks of a machine share the stretches of a window.
struct ReadAheadPlan {
  private let schedule: BatchSchedule
  private let localRank: Int
  private let localRankCount: Int
  /// Samples of one window that all ranks of the machine announce.
  private let sampleLimit: Int
  /// The window that is being announced, and this rank's stretches of it.
  private var epoch = 0
  private var window = -1
  private var stretches: [Range<Int>] = []
  private var announcedCount = 0

  /// - Parameter sampleLimit: how many samples may be announced in all: half for the window under way, half for the
  ///   next.
  init(_ schedule: BatchSchedule, sampleLimit: Int, localRank: Int, localRankCount: Int) {
    self.schedule = schedule
    self.sampleLimit = sampleLimit / 2
    (self.localRank, self.localRankCount) = (localRank, localRankCount)
  }

  /// The stretches, over places in `trainableSamples`, that are due when a step begins. Steps only grow.
  mutating func due(atStep step: Int) -> [Range<Int>] {
    let current = schedule.epoch(ofStep: step)
    let order = schedule.sampleOrder(ofEpoch: current)
    let places = schedule.places(ofStep: step)
    let under = order.window(ofPlace: places.lowerBound)
    var result: [Range<Int>] = []
    if window < 0 { begin(epoch: current, window: under, order) }
    while (epoch, window) <= (current, under) {
      result += rest(stretches.count)
      if window + 1 < order.windowCount {
        begin(epoch: epoch, window: window + 1, schedule.sampleOrder(ofEpoch: epoch))
      } else {
        begin(epoch: epoch + 1, window: 0, schedule.sampleOrder(ofEpoch: epoch + 1))
      }
    }
    let whole = order.places(ofWindow: under)
    let done = Double(places.upperBound - whole.lowerBound) / Double(whole.count)
    return result + rest(Int((Double(stretches.count) * min(1, done)).rounded(.up)))
  }

  private mutating func begin(epoch: Int, window: Int, _ order: SampleOrder) {
    (self.epoch, self.window, announcedCount) = (epoch, window, 0)
    var room = sampleLimit
    stretches = []
    for (number, stretch) in order.stretches(ofWindow: window).enumerated() {
      room -= stretch.count
      guard room >= 0 else { break }
      if number % localRankCount == localRank { stretches.append(stretch) }
    }
  }

  private mutating func rest(_ count: Int) -> ArraySlice<Range<Int>> {
    guard count > announcedCount else { return [] }
    defer { announcedCount = count }
    return stretches[announcedCount..<count]
  }
}
