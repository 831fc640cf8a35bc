import CUDAWorker
import Collectives
import Faults
import TensorCore

/// The carrier of `gradients` that all ranks agree on. Collective.
///
/// - Parameter communicator: used by nobody else.
/// - Throws: the same fault on every rank where NCCL is demanded and cannot be had; this rank's own where it cannot start
///   NCCL, which the others then wait for.
func makeCarrier(
  _ gradients: Tensor, _ buckets: GradientBuckets, _ communicator: any Communicator, wire: WireFormat,
  _ transport: Transport
) throws -> (GradientRoute, any GradientCarrier) {
  let reports = try communicator.allGather(RankReport(of: gradients, transport).bytes).map { RankReport($0) }
  let route: GradientRoute
  do {
    route = try GradientRoute(reports, transport, wire: wire)
  } catch {
    throw AgreedFault(fault: error, rank: 0)
  }
  guard let gpu = gradients.gpu else {
    return (route, HostCarrier(gradients, buckets, channel(buckets, communicator, wire)))
  }
  guard communicator.rankCount > 1 else { return (route, SoloCarrier(gradients, on: gpu)) }
  switch route.way {
  case .mpi: return (route, StagedCarrier(gradients, on: gpu, buckets, channel(buckets, communicator, wire)))
  case .nccl:
    let own = try communicator.together { communicator.isLeader ? try NCCLCommunicator.uniqueID() : [] }
    let nccl = try NCCLCommunicator(
      backend: gpu, uniqueID: try communicator.broadcast(own, from: 0), rank: communicator.rank,
      rankCount: communicator.rankCount)
    return (route, try NCCLCarrier(gradients, on: gpu, buckets, nccl))
  }
}

private func channel(
  _ buckets: GradientBuckets, _ communicator: any Communicator, _ wire: WireFormat
) -> GradientChannel {
  GradientChannel(
    communicator, wire: wire, largestCount: min(buckets.bucketElementCount, buckets.elementCount))
}
