import CNVIDIA
import Synchronization

/// Small launches that are put off until something depends on them, and then start together as one CUDA graph: the GPU
/// goes from one to the next faster, and a group that comes again just as it was, as in every step, is one call.
///
/// Executable graphs are kept by what their launches have in common from step to step: kernels and shapes. Where only
/// arguments differ, the kept one is updated. Calls of other libraries, matrix products among them, end a group.
// @unchecked: changed under the lock alone.
final class LaunchGroups: @unchecked Sendable {
  /// Shorter groups are launched one by one: a graph costs as much as some launches.
  static let shortestGroup = 4
  /// Longer ones start before more come.
  static let longestGroup = 64
  /// Kept executable graphs; that used least recently goes first.
  static let capacity = 128

  private struct Kept {
    var executable: CUgraphExec
    var contents: [UInt64]
    var lastUse: Int
  }

  private let stream: CUDAStream
  private let failures: FailureRecord
  private let lock = Mutex<Void>(())
  private var pending = LaunchSequence()
  private var kept: [[UInt64]: Kept] = [:]
  private var uses = 0
  /// Graphs launched, of them updated, and of them made.
  private(set) var counts = (launched: 0, updated: 0, made: 0)

  init(_ stream: CUDAStream, _ failures: FailureRecord) {
    self.stream = stream
    self.failures = failures
  }

  deinit {
    for graph in kept.values { _ = functions.pointee.graph_exec_destroy(graph.executable) }
  }

  private var functions: UnsafePointer<nvidia_driver> { stream.device.functions }

  func add(_ function: CUfunction, _ shape: LaunchShape, _ arguments: [KernelArgument]) {
    lock.withLock { _ in
      pending.add(function, shape, arguments)
      if pending.count == LaunchGroups.longestGroup { launchAll() }
    }
  }

  /// `host` stays as it is until the stream has got this far.
  func addCopy(to device: CUdeviceptr, from host: UnsafeRawPointer, byteCount: Int) {
    lock.withLock { _ in
      pending.addCopy(to: device, from: host, byteCount: byteCount)
      if pending.count == LaunchGroups.longestGroup { launchAll() }
    }
  }

  /// Starts what has been put off; nothing where there is none.
  func launch() {
    lock.withLock { _ in
      if pending.count > 0 { launchAll() }
    }
  }

  private func launchAll() {
    defer { pending.removeAll() }
    if failures.hasFailed { return }
    stream.device.makeCurrent()
    if pending.count < LaunchGroups.shortestGroup { return replay() }
    guard let executable = executable() else { return }
    counts.launched += 1
    failures.check(functions.pointee.graph_launch(executable, stream.stream), "cuGraphLaunch")
  }

  private func executable() -> CUgraphExec? {
    uses += 1
    if let known = kept[pending.shape] {
      kept[pending.shape]!.lastUse = uses
      if known.contents == pending.contents { return known.executable }
    }
    guard let graph = captured() else { return nil }
    defer { _ = functions.pointee.graph_destroy(graph) }
    if let known = kept[pending.shape] {
      var information = CUgraphExecUpdateResultInfo()
      if functions.pointee.graph_update(known.executable, graph, &information) == 0 {
        counts.updated += 1
        kept[pending.shape]!.contents = pending.contents
        return known.executable
      }
      forget(pending.shape)
    }
    return make(graph)
  }

  private func make(_ graph: CUgraph) -> CUgraphExec? {
    var executable: CUgraphExec?
    guard failures.check(functions.pointee.graph_instantiate(&executable, graph, 0), "cuGraphInstantiate") else {
      return nil
    }
    counts.made += 1
    if kept.count == LaunchGroups.capacity, let oldest = kept.min(by: { $0.value.lastUse < $1.value.lastUse }) {
      forget(oldest.key)
    }
    kept[pending.shape] = Kept(executable: executable!, contents: pending.contents, lastUse: uses)
    return executable
  }

  /// The driver keeps a graph that still runs.
  private func forget(_ shape: [UInt64]) {
    guard let graph = kept.removeValue(forKey: shape) else { return }
    _ = functions.pointee.graph_exec_destroy(graph.executable)
  }

  private func captured() -> CUgraph? {
    let mode = Int32(nvidia_capture_thread_local)
    let begun = functions.pointee.capture_begin(stream.stream, mode)
    guard failures.check(begun, "cuStreamBeginCapture") else { return nil }
    replay()
    var graph: CUgraph?
    let ended = functions.pointee.capture_end(stream.stream, &graph)
    return failures.check(ended, "cuStreamEndCapture") ? graph : nil
  }

  private func replay() {
    pending.replay { operation in
      switch operation {
      case .kernel(let function, let shape, let parameters):
        let (x, y, z) = shape.blocks
        let result = functions.pointee.launch(
          function, UInt32(x), UInt32(y), UInt32(z), UInt32(shape.threads), 1, 1, UInt32(shape.sharedByteCount),
          stream.stream, parameters, nil)
        failures.check(result, "cuLaunchKernel")
      case .copy(let device, let host, let byteCount):
        failures.check(
          functions.pointee.copy_to_device(device, host, byteCount, stream.stream), "cuMemcpyHtoDAsync")
      }
    }
  }
}
