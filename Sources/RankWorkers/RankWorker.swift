import CUDAWorker
import Collectives
import CommandRunning
import Faults
import Foundation
import Telemetry
import TensorCore

/// What computes for a rank (`--device`).
public enum RankWorker {
  /// The GPU that is this rank's, or the machine's processors with `threads` threads (`RankThreads.place`): the same kind
  /// on all ranks. Says once what was looked for and not found, and which ranks share a GPU. Collective.
  ///
  /// - Parameter groupsSmallLaunches: whether a GPU gets the small kernels of a step as CUDA graphs.
  /// - Throws: on every rank where `device` demands GPUs and a rank has none (69), or where one does not work.
  public static func make(
    _ device: DeviceChoice, threads: Int, pinning: Pinning, groupsSmallLaunches: Bool = false,
    communicator: any Communicator, logger: Logger
  ) throws -> any Backend {
    if let gpu = try gpu(device, communicator, logger) {
      gpu.groupsSmallLaunches = groupsSmallLaunches
      return gpu
    }
    let placement = try RankThreads.place(threads, pinning: pinning, communicator: communicator, logger: logger)
    return CPUBackend(threadCount: placement.threadCount, cpus: placement.cpus, watches: placement.watches)
  }

  private static func gpu(
    _ device: DeviceChoice, _ communicator: any Communicator, _ logger: Logger
  ) throws -> CUDABackend? {
    let number: Int?
    switch device {
    case .cpu: return nil
    case .auto: number = nil
    case .cuda(let chosen): number = chosen
    }
    let own = Result { () throws(Fault) in try find(number, communicator.localRank, logger) }
    let findings = try communicator.allGather([UInt8](JSONEncoder().encode(finding(own))))
      .map { try JSONDecoder().decode(DeviceFinding.self, from: Data($0)) }
    let decision: DeviceDecision
    do throws(Fault) { decision = try DeviceDecision(device, findings) } catch {
      throw AgreedFault(fault: error, rank: 0)
    }
    switch decision {
    case .cpu(let line):
      if let line { logger.info(line) }
      return nil
    case .gpu(let line):
      if let line { logger.notice(line) }
      return try own.get()
    }
  }

  private static func find(_ number: Int?, _ localRank: Int, _ logger: Logger) throws(Fault) -> CUDABackend {
    do { return try CUDABackend(number: number, localRank: localRank) { logger.info($0) } } catch let fault as Fault {
      throw fault
    } catch {
      throw Fault(.internalError, "\(error)")
    }
  }

  private static func finding(_ own: Result<CUDABackend, Fault>) -> DeviceFinding {
    let host = ProcessInfo.processInfo.hostName
    switch own {
    case .failure(let fault): return DeviceFinding(host: host, obstacle: DeviceFinding.Obstacle(fault))
    case .success(let worker):
      let device = worker.device
      return DeviceFinding(
        host: host, gpu: DeviceFinding.GPU(name: device.name, number: device.ordinal, uuid: device.uuid))
    }
  }
}
