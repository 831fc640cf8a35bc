import CNVIDIA
import TensorCore

extension PixelLayout {
  fileprivate var name: String { self == .rgb ? "rgb" : "yuv420" }
}

extension CUDABackend {
  /// `PixelKernels.patches` of pictures that are on the GPU, on the compute stream.
  func patches(
    ofDevice bytes: CUdeviceptr, layout: PixelLayout, images: Int, size: Int, patch: Int, mean: [Double],
    deviation: [Double], into result: Tensor
  ) {
    let grid = size / patch
    precondition(
      result.count == images * grid * grid * 3 * patch * patch, "patches of \(images) pictures into \(result)")
    let length = KernelArgument.accessByteCount / result.dtype.byteCount
    let isAligned =
      size % length == 0 && patch % length == 0 && bytes % CUdeviceptr(length) == 0
      && result.device % CUdeviceptr(KernelArgument.accessByteCount) == 0
    let scales = deviation.map { 1 / (255 * $0) }
    let shifts = zip(mean, deviation).map { -$0 / $1 }
    launch(
      "patches_\(layout.name)_\(result.dtype.suffix)",
      rowsOfPatches(images * grid, grid: grid, places: patch * (isAligned ? patch / length : patch)),
      [.pointer(bytes), .tensor(result), .int32(Int32(size)), .int32(Int32(patch))]
        + (scales + shifts).map { .number($0, of: result.dtype) } + [.int32(isAligned ? 1 : 0)])
  }

  /// Blocks that make a row of patches each: as many patches at once as have 128 to 256 places to write to, and the row
  /// in equal rounds of them.
  private func rowsOfPatches(_ rows: Int, grid: Int, places: Int) -> LaunchShape {
    let most = CUDABackend.vectorThreads
    if places > most {
      var shape = LaunchShape(blocks: rows, threads: most)
      shape.blocks.y = (places + most - 1) / most
      return shape
    }
    let atOnce = max(1, 2 * places > most ? 1 : most / places)
    let rounds = (grid + atOnce - 1) / atOnce
    return LaunchShape(blocks: rows, threads: places * ((grid + rounds - 1) / max(1, rounds)))
  }
}
