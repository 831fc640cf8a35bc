import CNVIDIA
import Faults
import Synchronization
import TensorCore

/// cuBLASLt on one GPU: its handle, its workspace, and how it computes every shape that was asked for.
// @unchecked: what changes is behind a lock.
final class ProductLibrary: @unchecked Sendable {
  /// Rows of a batch of clips differ from step to step, so that a run sees thousands of shapes. A plan is about 2 KB.
  static let planCapacity = 4096
  /// Room for the partial sums of fourteen splits of ViT-B/32's largest weight gradient (768 × 3072 in float32).
  static let workspaceByteCount = 128 << 20

  private enum Choice {
    case plan(ProductPlan)
    /// cuBLASLt has no algorithm for the shape.
    case refused
  }

  private struct State {
    var choices = LeastRecentlyUsed<ProductShape, Choice>(capacity: planCapacity)
    var workspace: DeviceStorage?
  }

  /// 130401 for 13.4.1.
  let version: Int
  /// How many of the heuristic's candidates are timed for a new shape. 1, the default, takes the heuristic's favourite:
  /// the same in every run. What a clock chooses may differ between runs, and with it the last bits.
  let candidateCount: Int
  private let functions: UnsafePointer<nvidia_blas>
  private let handle: cublasLtHandle_t
  private let device: CUDADevice
  private let state = Mutex(State())

  /// - Parameter candidateCount: that of the environment's `SGMN_CUDA_TUNE` where none is given.
  /// - Throws: `Fault(.remoteUnavailable)` where there is no cuBLASLt, or one that does not start; `Fault(.usage)` where
  ///   `SGMN_CUDA_TUNE` is no count.
  init(_ device: CUDADevice, candidateCount: Int? = nil) throws {
    self.device = device
    self.candidateCount = try candidateCount ?? ProductLibrary.countFromEnvironment()
    var table = nvidia_blas()
    if let missing = nvidia_fill_blas(try NVIDIALibraries.open(.cublasLt), &table) {
      throw Fault(
        .remoteUnavailable, "cuBLASLt lacks the function \(String(cString: missing))", at: "libcublasLt.so",
        remedy: "Install CUDA 12 or 13, or pip install nvidia-cublas")
    }
    device.makeCurrent()
    var handle: cublasLtHandle_t?
    let status = table.create(&handle)
    guard status == 0, let handle else {
      throw Fault(
        .remoteUnavailable, "cuBLASLt does not start: \(name(of: Int(status), in: table))",
        at: "libcublasLt.so: cublasLtCreate",
        remedy: "Check with nvidia-smi that the GPU has memory left and that the driver serves this CUDA")
    }
    self.handle = handle
    version = table.version()
    let stored = UnsafeMutablePointer<nvidia_blas>.allocate(capacity: 1)
    stored.initialize(to: table)
    functions = UnsafePointer(stored)
  }

  deinit {
    device.makeCurrent()
    state.withLock { $0 = State() }
    _ = functions.pointee.destroy(handle)
    functions.deallocate()
  }

  /// `cuBLASLt 13.4.1`
  var summary: String { "cuBLASLt \(version / 10000).\(version / 100 % 100).\(version % 100)" }

  /// How every shape of late is computed, a line a shape, in order of their names.
  var choices: [String] {
    state.withLock { state in
      state.choices.entries.map { shape, choice in
        if case .plan(let plan) = choice { return "\(shape): \(plan)" }
        return "\(shape): own kernel"
      }
    }.sorted()
  }

  /// Queues c = a·b (+ bias), or c += a·b; false where cuBLASLt has no algorithm for the shape. A failure is kept by the
  /// backend.
  func multiply(_ shape: ProductShape, _ operands: ProductOperands, on backend: CUDABackend) -> Bool {
    device.makeCurrent()
    return state.withLock { state in
      guard let workspace = self.workspace(&state, backend) else { return true }
      do throws(ProductRefusal) {
        guard let plan = try self.plan(&state, shape, operands, workspace, backend) else { return false }
        backend.failures.launches.note("cublasLtMatmul")
        try plan.run(operands, workspace, handle: handle, stream: backend.stream.handle)
        return true
      } catch {
        state.choices.set(shape, to: .refused)
        if error.isOfShape { return false }
        backend.fail(fault(of: error, shape))
        return true
      }
    }
  }

  private static func countFromEnvironment() throws -> Int {
    guard let text = ProcessEnvironment["SGMN_CUDA_TUNE"] else { return 1 }
    guard let count = Int(text), (1...100).contains(count) else {
      throw Fault(.usage, "SGMN_CUDA_TUNE is no count from 1 to 100: \(text)", remedy: "Set it to 8, or unset it")
    }
    return count
  }

  /// nil after a failure.
  private func workspace(_ state: inout State, _ backend: CUDABackend) -> DeviceStorage? {
    if state.workspace == nil { state.workspace = backend.scratch(byteCount: ProductLibrary.workspaceByteCount) }
    return backend.failures.hasFailed ? nil : state.workspace
  }

  /// nil for a shape that is known to be refused.
  private func plan(
    _ state: inout State, _ shape: ProductShape, _ operands: ProductOperands, _ workspace: DeviceStorage,
    _ backend: CUDABackend
  ) throws(ProductRefusal) -> ProductPlan? {
    switch state.choices.value(of: shape) {
    case .plan(let plan): return plan
    case .refused: return nil
    case nil: break
    }
    let plan = try makePlan(shape, bias: operands.bias, workspaceByteCount: workspace.byteCount)
    if plan.candidates.count > 1 { try tune(plan, operands, workspace, backend) }
    state.choices.set(shape, to: .plan(plan))
    return plan
  }

  /// cuBLASLt 12 and 13 were seen to leave out the end of a split inner axis that its tiles do not divide
  /// (github.com/facebookexperimental/triton/pull/2767): such an end is added by a product of its own, or, where that
  /// would round the sum twice, nothing is split.
  private func makePlan(
    _ shape: ProductShape, bias: CUdeviceptr, workspaceByteCount: Int
  ) throws(ProductRefusal) -> ProductPlan {
    func plan(_ shape: ProductShape, maySplit: Bool) throws(ProductRefusal) -> ProductPlan {
      try ProductPlan(
        shape, bias: bias, candidateCount: candidateCount, maySplit: maySplit, workspaceByteCount: workspaceByteCount,
        handle: handle, functions: functions)
    }
    let whole = try plan(shape, maySplit: true)
    guard whole.splits, shape.restCount > 0 else { return whole }
    guard shape.canBeContinued else { return try plan(shape, maySplit: false) }
    let beginning = try plan(shape.beginning, maySplit: true)
    beginning.rest = try plan(shape.rest, maySplit: false)
    return beginning
  }

  private func fault(of refusal: ProductRefusal, _ shape: ProductShape) -> Fault {
    Fault(
      .internalError, "A matrix product failed on the GPU: \(name(of: refusal.status, in: functions.pointee))",
      at: "\(summary): \(shape)",
      remedy: "Start with CUBLASLT_LOG_LEVEL=2 to see why")
  }
}

extension ProductLibrary {
  /// Times every candidate on numbers that do not matter, into memory of its own, and keeps the fastest. The host waits.
  private func tune(
    _ plan: ProductPlan, _ operands: ProductOperands, _ workspace: DeviceStorage, _ backend: CUDABackend
  ) throws(ProductRefusal) {
    let repetitions = 3
    let result = backend.scratch(byteCount: plan.shape.resultByteCount)
    if backend.failures.hasFailed { return }
    // The same alignment as that of the true result, which the plan is made for.
    let shifted = result.pointer + operands.c % 256
    var trial = operands
    trial.c = shifted
    var shortest = Double.infinity
    var fastest = 0
    for candidate in plan.candidates.indices {
      plan.choice = candidate
      try plan.run(trial, workspace, handle: handle, stream: backend.stream.handle)
      let start = CUDAEvent(backend, measuresTime: true)
      let end = CUDAEvent(backend, measuresTime: true)
      start.record(on: backend.stream)
      for _ in 0..<repetitions { try plan.run(trial, workspace, handle: handle, stream: backend.stream.handle) }
      end.record(on: backend.stream)
      end.synchronize()
      let time = end.milliseconds(since: start)
      if time < shortest { (shortest, fastest) = (time, candidate) }
    }
    plan.choice = fastest
  }
}

/// `CUBLAS_STATUS_NOT_SUPPORTED`
private func name(of status: Int, in table: nvidia_blas) -> String {
  table.status_name(.init(status)).map { String(cString: $0) } ?? "status \(status)"
}
