// What kernels on rows and columns share: accesses of several elements, the threads that have a row together, and sums
// of columns.
#ifndef SGMN_ROWS
#define SGMN_ROWS
#include "common.cuh"

// n consecutive elements, widened. Where n is not 1, they begin at a multiple of 16 bytes, or of their own size
// together where that is less.
template <int n, class T>
__device__ __forceinline__ void load(const T *from, typename wide<T>::type (&to)[n]) {
  if constexpr (n == 1) {
    to[0] = widen(*from);
  } else if constexpr (sizeof(T) == 2 && n == 4) {
    uint2 words = *reinterpret_cast<const uint2 *>(from);
    to[0] = __uint_as_float(words.x << 16), to[1] = __uint_as_float(words.x & 0xffff0000u);
    to[2] = __uint_as_float(words.y << 16), to[3] = __uint_as_float(words.y & 0xffff0000u);
  } else if constexpr (sizeof(T) == 2) {
    static_assert(n == 8, "bfloat16 in vectors of 4 and 8");
    uint4 words = *reinterpret_cast<const uint4 *>(from);
    to[0] = __uint_as_float(words.x << 16), to[1] = __uint_as_float(words.x & 0xffff0000u);
    to[2] = __uint_as_float(words.y << 16), to[3] = __uint_as_float(words.y & 0xffff0000u);
    to[4] = __uint_as_float(words.z << 16), to[5] = __uint_as_float(words.z & 0xffff0000u);
    to[6] = __uint_as_float(words.w << 16), to[7] = __uint_as_float(words.w & 0xffff0000u);
  } else if constexpr (sizeof(T) == 4) {
    static_assert(n % 4 == 0, "float32 in vectors of 4");
#pragma unroll
    for (int i = 0; i < n; i += 4) {
      float4 part = *reinterpret_cast<const float4 *>(from + i);
      to[i] = part.x, to[i + 1] = part.y, to[i + 2] = part.z, to[i + 3] = part.w;
    }
  } else {
    static_assert(n % 2 == 0, "float64 in vectors of 2");
#pragma unroll
    for (int i = 0; i < n; i += 2) {
      double2 part = *reinterpret_cast<const double2 *>(from + i);
      to[i] = part.x, to[i + 1] = part.y;
    }
  }
}

// n consecutive elements rounded to T -> global memory, at an address as `load` wants it. Said by CUDA's functions for
// it: of the store of a structure the compiler makes several where it does not see that they belong together.
template <int n, class T>
__device__ __forceinline__ void store(T *to, const typename wide<T>::type (&from)[n]) {
  if constexpr (n == 1) {
    *to = narrow<T>(from[0]);
  } else if constexpr (sizeof(T) == 2 && n == 4) {
    __stcg(reinterpret_cast<uint2 *>(to), make_uint2(pack_bf16(from[0], from[1]), pack_bf16(from[2], from[3])));
  } else if constexpr (sizeof(T) == 2) {
    static_assert(n == 8, "bfloat16 in vectors of 4 and 8");
    __stcg(reinterpret_cast<uint4 *>(to), make_uint4(pack_bf16(from[0], from[1]), pack_bf16(from[2], from[3]),
                                                     pack_bf16(from[4], from[5]), pack_bf16(from[6], from[7])));
  } else if constexpr (sizeof(T) == 4) {
    static_assert(n % 4 == 0, "float32 in vectors of 4");
#pragma unroll
    for (int i = 0; i < n; i += 4)
      __stcg(reinterpret_cast<uint4 *>(to + i),
             make_uint4(__float_as_uint(from[i]), __float_as_uint(from[i + 1]), __float_as_uint(from[i + 2]),
                        __float_as_uint(from[i + 3])));
  } else {
    static_assert(n % 2 == 0, "float64 in vectors of 2");
#pragma unroll
    for (int i = 0; i < n; i += 2) __stcg(reinterpret_cast<double2 *>(to + i), make_double2(from[i], from[i + 1]));
  }
}

// Elements of T in 16 bytes.
template <class T>
constexpr int vector_length = 16 / static_cast<int>(sizeof(T));

// Whether every row of `width` elements from p on begins at a multiple of 16 bytes.
template <class T>
__device__ __forceinline__ bool has_vectors(const T *p, long width) {
  return (reinterpret_cast<unsigned long>(p) % 16 == 0) && width % vector_length<T> == 0;
}

// 1/√x, each operation rounded to nearest.
__device__ __forceinline__ float inverse_root(float x) { return 1.f / sqrtf(x); }
__device__ __forceinline__ double inverse_root(double x) { return 1. / sqrt(x); }

// a·b + c, rounded once.
__device__ __forceinline__ float fused(float a, float b, float c) { return fmaf(a, b, c); }
__device__ __forceinline__ double fused(double a, double b, double c) { return fma(a, b, c); }

constexpr int most_warps = 32;

// The threads that have a row together: a power of two of them, or a whole block. All of a block call `sum` and
// `maximum` alike, those that have no row among them (`exists`), and the team is then inside a warp.
struct lane_team {
  int lane, lanes;
  long row;
  bool exists;

  __device__ __forceinline__ lane_team(long rows, int lanes) : lanes(lanes) {
    int of_block = static_cast<int>(threadIdx.x) / lanes, teams = static_cast<int>(blockDim.x) / lanes;
    lane = static_cast<int>(threadIdx.x) & (lanes - 1);
    row = blockIdx.x * static_cast<long>(teams) + of_block;
    exists = row < rows;
  }
  template <class T>
  __device__ __forceinline__ T sum(T x) const {
    for (int step = lanes / 2; step > 0; step /= 2) x += __shfl_xor_sync(0xffffffffu, x, step);
    return x;
  }
  template <class T>
  __device__ __forceinline__ T maximum(T x) const {
    for (int step = lanes / 2; step > 0; step /= 2) {
      T other = __shfl_xor_sync(0xffffffffu, x, step);
      x = x > other ? x : other;
    }
    return x;
  }
};

struct block_team {
  int lane, lanes;
  long row;
  bool exists;
  double *scratch;

  // `scratch` is shared and holds a number for each warp.
  __device__ __forceinline__ block_team(double *scratch) : scratch(scratch) {
    lane = threadIdx.x;
    lanes = blockDim.x;
    row = blockIdx.x;
    exists = true;
  }
  template <class T>
  __device__ __forceinline__ T sum(T x) const { return block_sum(x, reinterpret_cast<T *>(scratch)); }
  template <class T>
  __device__ __forceinline__ T maximum(T x) const {
    T *warps = reinterpret_cast<T *>(scratch);
    x = warp_maximum(x);
    __syncthreads();
    if (lane % warp_size == 0) warps[lane / warp_size] = x;
    __syncthreads();
    x = lane % warp_size < lanes / warp_size ? warps[lane % warp_size] : warps[0];
    return warp_maximum(x);
  }
};

// Runs a statement on `team`, `lanes` threads a row: a whole block where that is more than a warp.
#define WITH_TEAM(rows, lanes, ...)           \
  do {                                        \
    __shared__ double team_scratch[most_warps]; \
    if ((lanes) > warp_size) {                \
      block_team team(team_scratch);          \
      __VA_ARGS__;                            \
    } else {                                  \
      lane_team team(rows, lanes);            \
      __VA_ARGS__;                            \
    }                                         \
  } while (0)

constexpr int column_threads = 256;

// Which columns and rows of a matrix a thread adds up: 2^lane_bits lanes side by side have n columns each, the block's
// other threads are as many groups, which take turns at rows first, first + 1, … before `end`.
template <int n>
struct column_share {
  int lane, lanes, group, groups;
  long column;

  __device__ __forceinline__ column_share(int lane_bits, long tile) {
    lanes = 1 << lane_bits;
    lane = threadIdx.x % lanes;
    group = threadIdx.x / lanes;
    groups = column_threads / lanes;
    column = (tile * lanes + lane) * n;
  }
  // The sums of all groups, in group 0; `scratch` is shared and holds n numbers for each thread. Halves are folded, so
  // the order is the same always.
  template <class W>
  __device__ __forceinline__ void fold(W (&sums)[n], W *scratch) const {
    __syncthreads();
#pragma unroll
    for (int k = 0; k < n; k++) scratch[k * column_threads + threadIdx.x] = sums[k];
    for (int half = groups / 2; half > 0; half /= 2) {
      __syncthreads();
      if (group < half) {
#pragma unroll
        for (int k = 0; k < n; k++) {
          int at = k * column_threads + threadIdx.x;
          scratch[at] += scratch[at + half * lanes];
        }
      }
    }
    __syncthreads();
#pragma unroll
    for (int k = 0; k < n; k++) sums[k] = scratch[k * column_threads + lane];
  }
};

// The sums of `rows` rows of x from its beginning, in group 0 of the block; four rows are under way at once.
template <int n, class T, class W>
__device__ __forceinline__ void sum_columns(const T *x, long rows, long stride, const column_share<n> &share,
                                            bool exists, W (&sums)[n], W *scratch) {
#pragma unroll
  for (int k = 0; k < n; k++) sums[k] = 0;
  if (exists) {
    long row = share.group, step = share.groups;
    for (; row + 3 * step < rows; row += 4 * step) {
      W a[n], b[n], c[n], d[n];
      load<n>(x + row * stride + share.column, a);
      load<n>(x + (row + step) * stride + share.column, b);
      load<n>(x + (row + 2 * step) * stride + share.column, c);
      load<n>(x + (row + 3 * step) * stride + share.column, d);
#pragma unroll
      for (int k = 0; k < n; k++) sums[k] += (a[k] + b[k]) + (c[k] + d[k]);
    }
    for (; row < rows; row += step) {
      W a[n];
      load<n>(x + row * stride + share.column, a);
#pragma unroll
      for (int k = 0; k < n; k++) sums[k] += a[k];
    }
  }
  share.fold(sums, scratch);
}

#endif
