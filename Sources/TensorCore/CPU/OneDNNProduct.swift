import COneDNN

/// All of a bfloat16 product but its addresses.
struct OneDNNProductShape: Hashable {
  var rows: Int
  var columns: Int
  var inner: Int
  var a: Layout
  var b: Layout
  var c: Layout
  var cIsFloat32: Bool
  var hasBias: Bool
  var accumulates: Bool
  /// Whether b is brought into oneDNN's own layout first.
  var packsB: Bool

  struct Layout: Hashable {
    /// Elements from one stored row to the next.
    var stride: Int
    var isTransposed = false
  }

  private var flags: Int {
    (a.isTransposed ? 1 : 0) | (b.isTransposed ? 2 : 0) | (cIsFloat32 ? 4 : 0) | (hasBias ? 8 : 0)
      | (accumulates ? 16 : 0) | (packsB ? 32 : 0)
  }

  /// In seven numbers instead of twelve: this is computed for every product.
  func hash(into hasher: inout Hasher) {
    hasher.combine(rows)
    hasher.combine(columns)
    hasher.combine(inner)
    hasher.combine(a.stride)
    hasher.combine(b.stride)
    hasher.combine(c.stride)
    hasher.combine(flags)
  }
}

extension OneDNNProductShape: CustomStringConvertible {
  var description: String {
    func matrix(_ rows: Int, _ columns: Int, _ layout: Layout) -> String {
      "\(rows)×\(columns)\(layout.isTransposed ? "ᵀ" : "") (stride \(layout.stride))"
    }
    return "\(matrix(rows, inner, a)) · \(matrix(inner, columns, b)) → \(matrix(rows, columns, c))"
      + "\(cIsFloat32 ? " float32" : " bfloat16")\(hasBias ? ", bias" : "")\(accumulates ? ", accumulated" : "")"
  }
}

/// oneDNN's objects for products of one shape. Belongs to the thread that made it: the addresses of a run are set in
/// them.
final class OneDNNProduct {
  let shape: OneDNNProductShape
  /// When it was last used, for the cache that holds it.
  var lastUse = 0
  private var objects = sgmn_product()
  /// The scratch memory that the objects know.
  private var scratch: UnsafeMutableRawPointer?

  init(_ shape: OneDNNProductShape) {
    self.shape = shape
    func matrix(_ rows: Int, _ columns: Int, _ layout: OneDNNProductShape.Layout, isFloat32: Bool = false)
      -> sgmn_matrix
    {
      // A stride that is never taken may be anything, but oneDNN looks at it.
      let width = layout.isTransposed ? rows : columns
      let isTaken = (layout.isTransposed ? columns : rows) > 1
      return sgmn_matrix(
        rows: Int64(rows), columns: Int64(columns), stride: Int64(isTaken ? layout.stride : max(width, layout.stride)),
        is_transposed: layout.isTransposed ? 1 : 0, is_float32: isFloat32 ? 1 : 0)
    }
    let status = sgmn_product_create(
      &objects, OneDNN.engine, matrix(shape.rows, shape.inner, shape.a), matrix(shape.inner, shape.columns, shape.b),
      matrix(shape.rows, shape.columns, shape.c, isFloat32: shape.cIsFloat32), shape.hasBias ? 1 : 0,
      shape.accumulates ? 1 : 0, shape.packsB ? 1 : 0)
    check(status)
  }

  deinit { sgmn_product_destroy(&objects) }

  var scratchByteCount: Int { packedByteCount + objects.scratchpad_byte_count }

  /// So that the scratchpad behind it begins at a page.
  private var packedByteCount: Int { (objects.packed_byte_count + 4095) & ~4095 }

  /// `scratch` has `scratchByteCount` bytes, at a multiple of 64.
  func run(
    _ a: UnsafeMutableRawPointer, _ b: UnsafeMutableRawPointer, into c: UnsafeMutableRawPointer,
    bias: UnsafeMutableRawPointer?, scratch: UnsafeMutableRawPointer, stream: dnnl_stream_t
  ) {
    if scratch != self.scratch {
      check(sgmn_product_set_scratch(&objects, scratch, scratch + packedByteCount))
      self.scratch = scratch
    }
    check(sgmn_product_run(&objects, stream, a, b, c, bias))
  }

  private func check(_ status: dnnl_status_t) {
    OneDNN.check(status, "\(objects.failed_call.map { String(cString: $0) } ?? "a call"): \(shape)")
  }
}
