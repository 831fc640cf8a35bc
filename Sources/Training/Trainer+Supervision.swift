import Collectives
import Faults
import GradientAveraging
import Supervision
import Telemetry
import TensorCore

extension Trainer {
  /// Every rank calls it with the same arguments; where it throws on one, it throws on all. From here to the end of
  /// `run()` the ranks watch each other.
  public convenience init(
    _ configuration: RunConfiguration, folder path: String, resume: Resume = .automatic,
    communicator: any Communicator, backend: any Backend, overlap: Overlap = .auto, transport: Transport = .auto,
    logger: Logger
  ) throws {
    let supervision = try RunSupervision(configuration, folder: path, communicator: communicator, logger: logger)
    do {
      try self.init(
        configuration, folder: path, resume: resume, communicator: communicator, backend: backend, overlap: overlap,
        transport: transport, logger: logger, supervision: supervision)
    } catch let fault as AgreedFault {
      try supervision.end()
      throw fault
    }
  }

  /// Trains. Returns `.done` at the end, `.stoppedWithCheckpoint` where a signal or the leader's orders ended it.
  ///
  /// The rank on which a fault that all know happened writes it down before all end.
  public func run() throws -> ExitCode {
    do {
      let code = try train()
      try supervision.end()
      return code
    } catch let fault as AgreedFault {
      progress.enter(.ending, step: state.step)
      if fault.rank == communicator.rank { record(fault.fault) }
      try supervision.end()
      throw fault
    }
  }

  private func record(_ fault: Fault) {
    do {
      try FirstError.record(fault, folder: path, rank: communicator.rank)
    } catch {
      logger.warning("there is no record of the error to come: \(error)")
    }
  }

  /// What this rank is at, for its watchdog.
  var progress: RankProgress { supervision.progress }

  /// After every step: what the ranks tell each other of their pace. Collective.
  func supervise(_ result: TrainingStep.Result) throws { try supervision.endStep(state.step) }
}
