import Foundation

/// Row 28.
extension FaultTrial {
  static let clockJumps = FaultTrial(
    number: 28, name: "clocks jump: file times, the monotonic clock, the date", ranks: [2], quickRanks: [2]
  ) { setting in
    let run = try RunFolder("clock")
    try stopInTheMiddle(run, setting.ranks)
    // The newest checkpoint looks the oldest, and the oldest as if it came from tomorrow.
    for (place, name) in run.checkpoints.enumerated() {
      let date =
        place + 1 == run.checkpoints.count ? Date(timeIntervalSince1970: 0) : Date(timeIntervalSinceNow: 86_400)
      try setTimes(below: "\(run.path)/checkpoints/\(name)", to: date)
    }
    let newest = run.newestStep
    var command = try run.train(ranks: setting.ranks)
    var told = ["file times"]
    if runs(["unshare", "--time", "--monotonic", "86400", "true"]) {
      command.launcherPrefix += ["unshare", "--time", "--monotonic", "86400", "--boottime", "86400"]
      told.append("monotonic clock + 1 day")
    }
    let date = DateFile(run)
    if try date.applies(to: &command) {
      told.append("date - 1 day, two days back in the midst")
    } else {
      told.append("the date not: faketime is not installed")
    }
    let job = try command.armed("step.forward:sleep=40@*").start()
    _ = job.wait { run.metricsLineCount > newest + 1 }
    try date.moveBack()
    let result = job.finish()
    try Oracle.expect(result, 0)
    try Oracle.expectUnbrokenEnd(of: run, ranks: setting.ranks)
    try Oracle.expectNothingLeft(in: run)
    try date.expectMoved()
    guard result.resumedStep == newest else {
      throw TrialFailure("went on at \(result.resumedStep ?? -1) instead of step \(newest)")
    }
    return "the newest by step was taken, resume bitwise equal (\(told.joined(separator: ", ")))"
  }

  /// Stops a run by SIGUSR1 past its second checkpoint.
  static func stopInTheMiddle(_ run: RunFolder, _ ranks: Int) throws {
    let job = try run.train(ranks: ranks).slowed(from: 2 * World.checkpointInterval).start()
    guard job.wait(until: { run.metricsLineCount > 2 * World.checkpointInterval }), job.signalLauncher(SIGUSR1) else {
      throw TrialFailure("the run ended by itself: \(Oracle.excerpt(job.finish()))")
    }
    try Oracle.expect(job.finish(), 75)
  }

  private static func setTimes(below folder: String, to date: Date) throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: folder).map { "\(folder)/\($0)" }
    for path in files + [folder] {
      try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: path)
    }
  }

  /// Whether a command is there and ends with 0.
  static func runs(_ words: [String]) -> Bool {
    var command = Command(words[0], Array(words.dropFirst()))
    command.seconds = 10
    return (try? command.run().status) == 0
  }
}

/// The date that `faketime` shows a job: a file says how far it is from the true one, and is read whenever a process
/// asks. The monotonic clock, which no date moves, is as it is.
private final class DateFile {
  private let run: RunFolder
  private let path: String
  private var isUsed = false

  init(_ run: RunFolder) { (self.run, path) = (run, run.path + "-date") }

  deinit { unlink(path) }

  /// Starts the job a day early; false where there is no `faketime`.
  func applies(to command: inout Command) throws -> Bool {
    guard FaultTrial.runs(["faketime", "-f", "-1d", "true"]) else { return false }
    try write("-1d")
    command.launcherPrefix += [
      "faketime", "-f", "-1d", "env", "--unset=FAKETIME", "FAKETIME_TIMESTAMP_FILE=\(path)", "FAKETIME_NO_CACHE=1",
      "FAKETIME_DONT_FAKE_MONOTONIC=1",
    ]
    isUsed = true
    return true
  }

  func moveBack() throws {
    if isUsed { try write("-3d") }
  }

  /// Throws unless the times of the steps went back by about two days.
  func expectMoved() throws {
    guard isUsed else { return }
    let times = try run.bytes("metrics.jsonl").split(separator: 0x0A).map { line in
      try JSONDecoder().decode(Line.self, from: Data(line)).time
    }
    guard zip(times, times.dropFirst()).contains(where: { $1 - $0 < -1.9 * 86_400 }) else {
      throw TrialFailure("no step is two days before the one in front of it")
    }
  }

  private struct Line: Decodable {
    var time: Double
  }

  private func write(_ offset: String) throws {
    try "\(offset)\n".write(toFile: path, atomically: true, encoding: .utf8)
  }
}
