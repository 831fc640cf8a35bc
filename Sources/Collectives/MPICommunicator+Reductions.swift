import CMPI
import Faults

extension MPICommunicator {
  public func allReduceSum(_ values: UnsafeMutableBufferPointer<Float>, bucketByteCount: Int) throws {
    try allReduceSum(values, MPI_FLOAT, bucketByteCount)
  }

  public func allReduceSum(_ values: UnsafeMutableBufferPointer<Double>, bucketByteCount: Int) throws {
    try allReduceSum(values, MPI_DOUBLE, bucketByteCount)
  }

  /// Blocking calls, bucket after bucket: without free cores for MPI's progress, nonblocking ones overlap nothing and
  /// cost twice the time.
  private func allReduceSum<Value>(
    _ values: UnsafeMutableBufferPointer<Value>, _ type: MPI_Datatype?, _ bucketByteCount: Int
  ) throws {
    requireRunning()
    let valueByteCount = MemoryLayout<Value>.stride
    precondition(
      bucketByteCount >= valueByteCount, "a bucket of \(bucketByteCount) bytes holds no value of \(valueByteCount)")
    guard let base = values.baseAddress, rankCount > 1 else { return }
    let bucketCount = min(bucketByteCount, messageByteLimit) / valueByteCount
    var start = 0
    while start < values.count {
      let count = min(bucketCount, values.count - start)
      try mpi("MPI_Allreduce") {
        MPI_Allreduce(sgmn_mpi_in_place(), base + start, Int32(count), type, MPI_SUM, world)
      }
      start += count
    }
  }

  public func allReduceSum(_ value: Int) throws -> Int { try allReduce(value, MPI_SUM) }
  public func allReduceMax(_ value: Int) throws -> Int { try allReduce(value, MPI_MAX) }
  public func allReduceMin(_ value: Int) throws -> Int { try allReduce(value, MPI_MIN) }

  private func allReduce(_ value: Int, _ operation: MPI_Op?) throws -> Int {
    requireRunning()
    var result = Int64(value)
    try mpi("MPI_Allreduce") {
      MPI_Allreduce(sgmn_mpi_in_place(), &result, 1, MPI_INT64_T, operation, world)
    }
    return Int(result)
  }
}
