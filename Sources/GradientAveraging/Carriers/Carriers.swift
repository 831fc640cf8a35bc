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
  order: SummationOrder, _ transport: Transport
) throws -> (GradientRoute, any GradientCarrier) {
  let reports = try communicator.allGather(RankReport(of: gradients, transport).bytes).map { RankReport($0) }
  let route: GradientRoute
  do {
    route = try GradientRoute(reports, transport, wire: wire, order: order)
  } catch {
    throw AgreedFault(fault: error, rank: 0)
  }
  let channel = {
    GradientChannel(
      communicator, wire: wire, order: order, largestCount: min(buckets.bucketElementCount, buckets.elementCount))
  }
  guard let gpu = gradients.gpu else { return (route, HostCarrier(gradients, buckets, channel())) }
  // In a fixed order the norm, too, is computed as several ranks compute it: from the buckets, in host memory.
  guard communicator.rankCount > 1 || order.isFixed else { return (route, SoloCarrier(gradients, on: gpu)) }
  switch route.way {
  case .mpi: return (route, StagedCarrier(gradients, on: gpu, buckets, channel()))
  case .nccl:
    let own = try communicator.together { communicator.isLeader ? try NCCLCommunicator.uniqueID() : [] }
    let nccl = try NCCLCommunicator(
      backend: gpu, uniqueID: try communicator.broadcast(own, from: 0), rank: communicator.rank,
      rankCount: communicator.rankCount)
    return (route, try NCCLCarrier(gradients, on: gpu, buckets, nccl))
  }
}
