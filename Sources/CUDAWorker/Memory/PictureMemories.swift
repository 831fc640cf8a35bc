import Synchronization

/// Memory of the GPU for the pictures of one batch.
final class PictureMemory: Sendable {
  let storage: DeviceStorage
  /// Reached when the pictures are there.
  let hasArrived: CUDAEvent
  /// Reached when the kernels that were to read them have.
  let isRead: CUDAEvent

  init(byteCount: Int, backend: CUDABackend) {
    storage = DeviceStorage(byteCount: byteCount, of: backend.pictureMemory)
    hasArrived = CUDAEvent(backend)
    isRead = CUDAEvent(backend)
  }

  // What goes back to the pool is idle, for who gets it next waits for nobody.
  deinit {
    hasArrived.synchronize()
    isRead.synchronize()
  }
}

/// The memories of a way to the GPU that no batch has now. Two serve a run: one is read while the other is filled.
final class PictureMemories: Sendable {
  private struct State {
    var free: [PictureMemory] = []
    var count = 0
  }
  private let state = Mutex(State())

  /// Those that are free and those that batches have.
  var count: Int { state.withLock { $0.count } }

  /// One of at least `byteCount` bytes; a smaller one makes way for it.
  func take(_ byteCount: Int, _ backend: CUDABackend) -> PictureMemory {
    let found = state.withLock { state in
      let place = state.free.lastIndex { $0.storage.byteCount >= byteCount } ?? state.free.indices.last
      if place == nil { state.count += 1 }
      return place.map { state.free.remove(at: $0) }
    }
    if let found, found.storage.byteCount >= byteCount { return found }
    // Batches differ by the frames that clips have: some room saves the next ones from growing.
    return PictureMemory(byteCount: byteCount + byteCount / 8, backend: backend)
  }

  func giveBack(_ memory: PictureMemory) { state.withLock { $0.free.append(memory) } }
}
