import CNVIDIA

/// A kernel that is loaded.
// @unchecked: the handle may be used from any thread.
struct Kernel: @unchecked Sendable {
  let function: CUfunction
  /// The dynamic shared memory that the driver has been told a launch may have. What is free to every kernel depends on
  /// its static memory, so the driver is told of any.
  var dynamicLimit = 0
}
