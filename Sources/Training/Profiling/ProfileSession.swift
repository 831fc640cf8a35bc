import Collectives
import DurableFiles
import Faults
import Foundation
import Telemetry
import TensorCore

/// The profile of a run under way: its steps on this rank, and how the ranks put theirs together. Calls are collective.
final class ProfileSession {
  let steps: StepProfile
  private let request: ProfileRequest
  private let communicator: any Communicator
  private let tracePath: String
  private let logger: Logger
  /// This rank's time at a moment that all ranks share.
  private var origin = ProfileClock.nanoseconds()
  private var isReported = false

  init(_ request: ProfileRequest, folder: String, communicator: any Communicator, logger: Logger) {
    self.request = request
    self.communicator = communicator
    self.logger = logger
    tracePath = request.tracePath ?? "\(folder)/profile/trace.json"
    steps = StepProfile(
      request.backend.profile, of: request.backend, skippedStepCount: request.skippedStepCount,
      stepLimit: request.stepLimit)
  }

  func beginStep(_ number: Int) throws {
    if steps.isAboutToBegin {
      try communicator.barrier()
      origin = ProfileClock.nanoseconds()
    }
    steps.beginStep(number)
  }

  func endStep() throws {
    steps.endStep()
    if steps.isComplete { try report() }
  }

  /// Shows the table and writes the trace, once; every rank takes part.
  func report() throws {
    guard !isReported else { return }
    isReported = true
    steps.abandonStep()
    let encoder = JSONEncoder()
    let summary = try encoder.encode(ProfileSummary(steps, rank: communicator.rank))
    let summaries = try communicator.gather([UInt8](summary), to: 0)
    let events = ProfileTrace.events(
      steps, rank: communicator.rank, origin: origin, machine: ProcessInfo.processInfo.hostName)
    let traces = try communicator.gather(events, to: 0)
    try communicator.together {
      guard let summaries, let traces else { return }
      let ranks = try summaries.map { try JSONDecoder().decode(ProfileSummary.self, from: Data($0)) }
      let folder = (tracePath as NSString).deletingLastPathComponent
      if !folder.isEmpty { try DurableFile.createFolder(folder) }
      try DurableFile.write(ProfileTrace.file(traces), to: tracePath)
      request.show(ProfileTable(ranks: ranks).text)
      logger.notice("trace of \(ranks.count) rank(s): \(tracePath)")
    }
  }
}
