import CNVIDIA

/// Where the matrices of a product lie on the GPU; `bias` is 0 where there is none.
struct ProductOperands {
  var a: CUdeviceptr
  var b: CUdeviceptr
  var c: CUdeviceptr
  var bias: CUdeviceptr
}
