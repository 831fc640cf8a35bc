import Faults
import ShardFormat
import WorkerProcesses

/// Has samples encoded by a child process; one that fails costs the sample at hand, and another takes its place.
final class WorkerEncoding: SampleEncoding {
  private let workers: DecodeWorkers
  private let configuration: ShardConfiguration
  private let setup: [UInt8]
  private let replyLimit: Int
  private let cancellation: Cancellation
  private var worker: WorkerProcess?

  init(_ workers: DecodeWorkers, settings: DecodeSettings, cancellation: Cancellation) throws {
    self.workers = workers
    self.cancellation = cancellation
    configuration = settings.configuration
    setup = try WorkerSetup(settings: settings, memoryByteCount: workers.memoryByteCount).bytes
    // Compression may add a little to what it cannot compress.
    let pixels = (configuration.maximumFrameCount + 1) * configuration.pictureByteCount
    replyLimit = pixels + pixels / 64 + ShardLimits.maximumDetailsByteCount + (1 << 20)
    worker = try start()
  }

  private func start() throws -> WorkerProcess {
    try WorkerProcess(workers.command, setup: setup, cancellation: cancellation)
  }

  var peakMemoryByteCount: Int { worker?.peakMemoryByteCount ?? 0 }

  func encode(_ source: SampleSource) throws -> EncodedSample {
    let request = DecodeRequest(source).bytes
    let worker = try self.worker ?? start()
    self.worker = worker
    do {
      let bytes = try worker.answer(to: request, seconds: workers.sampleSeconds, replyLimit: replyLimit)
      guard let sample = try? EncodedSample(serialized: bytes, configuration: configuration) else {
        throw WorkerFailure.garbled
      }
      return sample
    } catch let fault as Fault {
      throw BadSample(source, fault)
    } catch let failure as WorkerFailure {
      self.worker = nil
      if failure == .cancelled { throw failure }
      let remedy = "Replace the file, or leave bad clips out with --on-bad skip"
      throw BadSample(source, Fault(.badData, failure.description, remedy: remedy), cause: failure.cause)
    }
  }
}
