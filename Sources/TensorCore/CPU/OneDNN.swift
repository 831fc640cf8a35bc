import COneDNN

/// oneDNN, which computes the products of bfloat16 matrices.
enum OneDNN {
  static var version: String {
    guard let version = dnnl_version()?.pointee else { return "unknown" }
    return "\(version.major).\(version.minor).\(version.patch)"
  }

  /// Whether its kernels use the processor's own products of bfloat16 numbers. Without them it is slower than float32.
  static let hasBFloat16Products = has(0xe7)

  /// The instruction set of its kernels, by its own name.
  static var instructionSet: String {
    let names: [(bits: UInt32, name: String)] = [
      (0x3e7, "avx512_core_amx"), (0xe7, "avx512_core_bf16"), (0x67, "avx512_core_vnni"), (0x27, "avx512_core"),
      (0x7, "avx2"), (0x3, "avx"), (0x1, "sse41"),
    ]
    return names.first { has($0.bits) }?.name ?? "generic"
  }

  /// Its instruction sets are sets of bits; a larger one holds those of what it includes.
  private static func has(_ bits: UInt32) -> Bool {
    UInt32(truncatingIfNeeded: Int(dnnl_get_effective_cpu_isa().rawValue)) & bits == bits
  }

  /// All threads may use one engine at a time; what is made with it belongs to one thread.
  nonisolated(unsafe) static let engine: dnnl_engine_t = {
    var engine: dnnl_engine_t?
    check(dnnl_engine_create(&engine, dnnl_cpu, 0), "dnnl_engine_create")
    // Primitives that several threads need are found there again.
    check(
      dnnl_set_primitive_cache_capacity(Int32(OneDNNProducts.defaultCapacity)), "dnnl_set_primitive_cache_capacity")
    return engine!
  }()

  /// Traps where a call failed. Shapes are checked before, so what is left is a lack of memory or a library that
  /// cannot do what it says, and no caller could go on.
  @inline(__always)
  static func check(_ status: dnnl_status_t, _ call: @autoclosure () -> String) {
    if status != dnnl_success { fail(status, call()) }
  }

  static func fail(_ status: dnnl_status_t, _ call: String) -> Never {
    let reasons = [
      dnnl_out_of_memory.rawValue: "out of memory", dnnl_invalid_arguments.rawValue: "invalid arguments",
      dnnl_unimplemented.rawValue: "not implemented", dnnl_runtime_error.rawValue: "error at run time",
    ]
    fatalError("oneDNN \(version): \(call): \(reasons[status.rawValue] ?? "status \(status.rawValue)")")
  }
}
