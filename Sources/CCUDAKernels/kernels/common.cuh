// What all kernels share: bfloat16, vectors, sums over warps and blocks, grid strides.
//
// No system header: NVRTC compiles this as it is. Sizes and places are `long` (64 bits): an activation of 256 pairs has
// 4·10⁸ elements.
#ifndef SGMN_COMMON
#define SGMN_COMMON
#include "primitives.cuh"

// The upper half of a float32.
struct bf16 {
  unsigned short bits;
};

__device__ __forceinline__ float widen(bf16 x) { return __uint_as_float(static_cast<unsigned>(x.bits) << 16); }
__device__ __forceinline__ float widen(float x) { return x; }
__device__ __forceinline__ double widen(double x) { return x; }

// A number in the format T; to bfloat16 the nearest, ties to even.
template <class T>
__device__ __forceinline__ T narrow(double x) { return static_cast<T>(x); }
template <class T>
__device__ __forceinline__ T narrow(float x) { return static_cast<T>(x); }
template <>
__device__ __forceinline__ bf16 narrow<bf16>(float x) {
  return bf16{static_cast<unsigned short>(pack_bf16(x, 0.f) & 0xffff)};
}
template <>
__device__ __forceinline__ bf16 narrow<bf16>(double x) { return narrow<bf16>(static_cast<float>(x)); }

// What numbers of a format are computed in: float for bfloat16 and float32, double for float64.
template <class T> struct wide { typedef float type; };
template <> struct wide<double> { typedef double type; };

constexpr int warp_size = 32;

template <class T>
__device__ __forceinline__ T warp_sum(T x) {
#pragma unroll
  for (int step = warp_size / 2; step > 0; step /= 2) x += __shfl_xor_sync(0xffffffffu, x, step);
  return x;
}
template <class T>
__device__ __forceinline__ T warp_maximum(T x) {
#pragma unroll
  for (int step = warp_size / 2; step > 0; step /= 2) {
    T other = __shfl_xor_sync(0xffffffffu, x, step);
    x = x > other ? x : other;
  }
  return x;
}

// The sum over a block of at most 1024 threads, a whole number of warps, in every thread. `scratch` holds a T for every
// warp; the same order always, so the same bits. All threads call it.
template <class T>
__device__ __forceinline__ T block_sum(T x, T *scratch) {
  int warp = threadIdx.x / warp_size, lane = threadIdx.x % warp_size;
  x = warp_sum(x);
  __syncthreads();
  if (lane == 0) scratch[warp] = x;
  __syncthreads();
  T total = lane < static_cast<int>(blockDim.x) / warp_size ? scratch[lane] : T(0);
  return warp_sum(total);
}

// for (long i : every element of n that is this thread's)
#define GRID_STRIDE(i, n) \
  for (long i = blockIdx.x * static_cast<long>(blockDim.x) + threadIdx.x; i < (n); \
       i += static_cast<long>(gridDim.x) * blockDim.x)

#endif
