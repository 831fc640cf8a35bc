import CMPI
import Faults

extension MPICommunicator {
  public func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) throws {
    requireRunning()
    requireRank(root, of: rankCount)
    try inMessages(bytes) { part, count in
      try mpi("MPI_Bcast") { MPI_Bcast(part, count, MPI_BYTE, Int32(root), world) }
    }
  }

  public func broadcast(_ bytes: [UInt8]?, from root: Int) throws -> [UInt8] {
    precondition(
      rank != root || bytes != nil, "broadcast: rank \(root) is the root and must pass the bytes")
    var count = UInt64(rank == root ? bytes!.count : 0)
    try withUnsafeMutableBytes(of: &count) { try broadcast($0, from: root) }
    var result = rank == root ? bytes! : [UInt8](repeating: 0, count: Int(count))
    try result.withUnsafeMutableBytes { try broadcast($0, from: root) }
    return result
  }

  public func allGather(_ value: UInt64) throws -> [UInt64] {
    requireRunning()
    var mine = value
    var all = [UInt64](repeating: 0, count: rankCount)
    try mpi("MPI_Allgather") { MPI_Allgather(&mine, 1, MPI_INT64_T, &all, 1, MPI_INT64_T, world) }
    return all
  }

  public func allGather(_ bytes: [UInt8]) throws -> [[UInt8]] {
    let counts = try allGather(UInt64(bytes.count)).map(Int.init)
    let (total, overflow) = counts.reduce((0, false)) { sum, count in
      let (next, carry) = sum.0.addingReportingOverflow(count)
      return (next, sum.1 || carry)
    }
    if overflow || total > messageByteLimit {
      // One call cannot count so many bytes: rank after rank gives its own.
      return try (0..<rankCount).map { try broadcast(rank == $0 ? bytes : nil, from: $0) }
    }
    var starts = [Int32]()
    var end = 0
    for count in counts {
      starts.append(Int32(end))
      end += count
    }
    let all = try [UInt8](unsafeUninitializedCapacity: total) { buffer, initializedCount in
      try mpi("MPI_Allgatherv") {
        MPI_Allgatherv(
          bytes, Int32(bytes.count), MPI_BYTE, buffer.baseAddress, counts.map(Int32.init), starts, MPI_BYTE, world)
      }
      initializedCount = total
    }
    return zip(starts, counts).map { start, count in Array(all[Int(start)..<Int(start) + count]) }
  }

  public func allGather(_ bytes: UnsafeRawBufferPointer, into all: UnsafeMutableRawBufferPointer) throws {
    requireRunning()
    requireRoom(for: bytes, of: rankCount, in: all)
    guard !bytes.isEmpty else { return }
    if all.count <= messageByteLimit {
      return try mpi("MPI_Allgather") {
        MPI_Allgather(
          bytes.baseAddress, Int32(bytes.count), MPI_BYTE, all.baseAddress, Int32(bytes.count), MPI_BYTE, world)
      }
    }
    let parts = (0..<rankCount).map { $0 * bytes.count..<($0 + 1) * bytes.count }
    UnsafeMutableRawBufferPointer(rebasing: all[parts[rank]]).copyMemory(from: bytes)
    for root in 0..<rankCount { try broadcast(UnsafeMutableRawBufferPointer(rebasing: all[parts[root]]), from: root) }
  }

  public func gather(_ bytes: [UInt8], to root: Int) throws -> [[UInt8]]? {
    requireRank(root, of: rankCount)
    let counts = try allGather(UInt64(bytes.count)).map(Int.init)
    guard rank == root else {
      var mine = bytes
      try mine.withUnsafeMutableBytes {
        try inMessages($0) { part, count in
          try mpi("MPI_Send") { MPI_Send(part, count, MPI_BYTE, Int32(root), gatherTag, world) }
        }
      }
      return nil
    }
    return try (0..<rankCount).map { sender in
      if sender == root { return bytes }
      var theirs = [UInt8](repeating: 0, count: counts[sender])
      try theirs.withUnsafeMutableBytes {
        try inMessages($0) { part, count in
          try mpi("MPI_Recv") {
            MPI_Recv(part, count, MPI_BYTE, Int32(sender), gatherTag, world, sgmn_mpi_status_ignore())
          }
        }
      }
      return theirs
    }
  }

  public func allToAll(_ slices: UnsafeRawBufferPointer, into received: UnsafeMutableRawBufferPointer) throws {
    requireRunning()
    requireSlices(slices.count, received.count, of: rankCount)
    let count = Int32(slices.count / rankCount)
    try mpi("MPI_Alltoall") {
      MPI_Alltoall(slices.baseAddress, count, MPI_BYTE, received.baseAddress, count, MPI_BYTE, world)
    }
  }

  private var gatherTag: Int32 { 1 }

  /// Calls `body` with one part after another of `bytes`, each short enough for one MPI call.
  private func inMessages(
    _ bytes: UnsafeMutableRawBufferPointer, _ body: (UnsafeMutableRawPointer, Int32) throws -> Void
  ) rethrows {
    guard let base = bytes.baseAddress else { return }
    var start = 0
    while start < bytes.count {
      let count = min(messageByteLimit, bytes.count - start)
      try body(base + start, Int32(count))
      start += count
    }
  }
}
