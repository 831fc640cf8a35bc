/// By what gradients may travel between ranks (`--transport`).
public enum Transport: String, Sendable, CaseIterable {
  /// NCCL where every rank has a GPU of its own and all have NCCL, else MPI.
  case auto
  /// NCCL, or the run does not start.
  case nccl
  /// MPI, through host memory.
  case mpi
}
