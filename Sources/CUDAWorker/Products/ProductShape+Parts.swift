import CNVIDIA
import TensorCore

/// A product as two, along the inner axis: a beginning that whole tiles make up, and the rest, which is added to it.
extension ProductShape {
  /// What the tiles of split products take of the inner axis divides it.
  static let partUnit = 128

  /// How much of the inner axis is beyond whole units.
  var restCount: Int { inner % ProductShape.partUnit }

  /// Whether there is a beginning, and its sum is as exact as those inside of a product.
  var canBeContinued: Bool { inner > ProductShape.partUnit && resultFormat != .bfloat16 }

  var beginning: ProductShape {
    var shape = self
    shape.inner -= restCount
    return shape
  }

  /// Of what `rest(of:)` gives.
  var rest: ProductShape {
    var shape = self
    shape.inner = restCount
    shape.a.alignment = min(a.alignment, ProductShape.alignment(of: restOffsets.a))
    shape.b.alignment = min(b.alignment, ProductShape.alignment(of: restOffsets.b))
    shape.biasAlignment = nil
    shape.accumulates = true
    return shape
  }

  /// The operands of the rest, given those of the beginning.
  func rest(of operands: ProductOperands) -> ProductOperands {
    let offsets = beginningOffsets
    return ProductOperands(a: operands.a + offsets.a, b: operands.b + offsets.b, c: operands.c, bias: 0)
  }

  /// Bytes from the first element of a and b to the first behind this shape's inner axis.
  private var beginningOffsets: (a: CUdeviceptr, b: CUdeviceptr) {
    let byteCount = inner * operandFormat.byteCount
    return (CUdeviceptr(byteCount * a.strides.column), CUdeviceptr(byteCount * b.strides.row))
  }

  private var restOffsets: (a: CUdeviceptr, b: CUdeviceptr) { beginning.beginningOffsets }
}
