import FaultTrials
import Foundation

/// The lines of a torture, on the screen and in a file.
final class TortureReport {
  private let file: FileHandle?
  private let startTime = ContinuousClock.now
  private var counts = (good: 0, failed: 0, skipped: 0)

  init(path: String?) throws {
    guard let path else {
      file = nil
      return
    }
    if !FileManager.default.fileExists(atPath: path) {
      _ = FileManager.default.createFile(atPath: path, contents: nil)
    }
    file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    try file?.seekToEnd()
  }

  func say(_ line: String) {
    let bytes = Data((line + "\n").utf8)
    FileHandle.standardOutput.write(bytes)
    file?.write(bytes)
  }

  /// Runs a trial, and says in one line what became of it.
  func line(of trial: FaultTrial, ranks: Int, _ body: () throws -> String) {
    let start = ContinuousClock.now
    var (mark, figures) = ("ok  ", "")
    do {
      figures = try body()
      counts.good += 1
    } catch let skipped as TrialSkipped {
      (mark, figures) = ("skip", skipped.description)
      counts.skipped += 1
    } catch {
      (mark, figures) = ("FAIL", "\(error)")
      counts.failed += 1
    }
    let number = String(repeating: " ", count: trial.number < 10 ? 1 : 0) + "\(trial.number)"
    let name = trial.name.padding(toLength: max(58, trial.name.count), withPad: " ", startingAt: 0)
    say("\(mark) \(number)  \(name)  \(ranks) rank\(ranks == 1 ? " " : "s")  \(figures)  \(seconds(since: start))")
  }

  /// Says the sums; the exit code.
  func end() -> Int32 {
    let (good, failed, skipped) = counts
    say("\(good) ok, \(failed) failed, \(skipped) skipped in \(seconds(since: startTime))")
    return failed > 0 || good + skipped == 0 ? 1 : skipped > 0 ? 77 : 0
  }

  private func seconds(since start: ContinuousClock.Instant) -> String {
    Figure.seconds((ContinuousClock.now - start) / .seconds(1))
  }
}
