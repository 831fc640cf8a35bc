// Attention and its gradients in any format, of any width, at any address: small models, float32 and float64.
//
// Scores p = softmax(q·kᵀ/√w + bias) of `z` heads at once lie in scratch memory as (z, queries, keys) numbers, in
// double for float64 rows and float otherwise, as do dp = dy·vᵀ and then ds = p∘(dp − Σ p∘dp):
//   o = p·v,  dv = pᵀ·dy,  dq = ds·k/√w,  dk = dsᵀ·q/√w,  dbias += ds.
// Floor: the rows once and the scores four times forward (written, twice by the softmax, read), eleven times backward.
// Every sum has one order: no number of blocks and no atomic changes it.
#include "common.cuh"

constexpr int product_threads = 256;
constexpr int product_tile = 64;   // rows and columns of a block
constexpr int product_depth = 16;  // of the inner axis at once
constexpr int product_part = 4;    // rows and columns of a thread, 16 apart

// A tile of a matrix whose element (outer, inner) is at outer·outer_stride + inner·inner_stride -> shared memory as
// [inner][outer], zeros outside. Neighbouring threads take neighbours in memory: `inner_first` where that is the inner
// axis.
template <bool inner_first, class Sum, class T>
__device__ __forceinline__ void load_product_tile(Sum (&tile)[product_depth][product_tile + 1], const T *x,
                                                  long stride, long outer, long outer_count, long inner,
                                                  long inner_count) {
#pragma unroll
  for (int step = 0; step < product_tile * product_depth / product_threads; step++) {
    int i = threadIdx.x + step * product_threads;
    int o = inner_first ? i / product_depth : i % product_tile, k = inner_first ? i % product_depth : i / product_tile;
    bool valid = outer + o < outer_count && inner + k < inner_count;
    long place = inner_first ? (outer + o) * stride + inner + k : (inner + k) * stride + outer + o;
    tile[k][o] = valid ? static_cast<Sum>(widen(x[place])) : Sum(0);
  }
}

// The block's 64×64 part of a·b, summed over the inner axis in its order; a thread's elements lie 16 rows and columns
// apart. Rows of a and columns of b follow each other in memory unless the inner axis does.
template <bool left_inner_first, bool right_inner_first, class Sum, class Left, class Right>
__device__ __forceinline__ void block_product(Sum (&c)[product_part][product_part], const Left *a, long a_stride,
                                              const Right *b, long b_stride, long rows, long columns, long inner) {
  __shared__ Sum left[product_depth][product_tile + 1];
  __shared__ Sum right[product_depth][product_tile + 1];
  long row = static_cast<long>(blockIdx.y) * product_tile, column = static_cast<long>(blockIdx.x) * product_tile;
  int x = threadIdx.x % 16, y = threadIdx.x / 16;
#pragma unroll
  for (int i = 0; i < product_part; i++)
#pragma unroll
    for (int j = 0; j < product_part; j++) c[i][j] = 0;
  for (long k = 0; k < inner; k += product_depth) {
    __syncthreads();
    load_product_tile<left_inner_first>(left, a, a_stride, row, rows, k, inner);
    load_product_tile<right_inner_first>(right, b, b_stride, column, columns, k, inner);
    __syncthreads();
#pragma unroll
    for (int d = 0; d < product_depth; d++)
#pragma unroll
      for (int i = 0; i < product_part; i++)
#pragma unroll
        for (int j = 0; j < product_part; j++) c[i][j] += left[d][y + 16 * i] * right[d][x + 16 * j];
  }
}

// What a thread of `block_product` has: (row, column) of element (i, j), and whether it is one.
struct product_place {
  long row, column;

  __device__ __forceinline__ product_place(int i, int j)
      : row(static_cast<long>(blockIdx.y) * product_tile + threadIdx.x / 16 + 16 * i),
        column(static_cast<long>(blockIdx.x) * product_tile + threadIdx.x % 16 + 16 * j) {}
};

// scores[z, q, k] = scale·a[q]·b[k] + bias[q, k] of head first + z: rows of a belong to queries, of b to keys.
template <class T, class Sum>
__device__ __forceinline__ void score_rows(const T *a, long a_stride, const T *b, long b_stride, const Sum *bias,
                                           long bias_item, long bias_query, Sum scale, Sum *scores, long first,
                                           long heads, long queries, long keys, long width) {
  long item = (first + blockIdx.z) / heads, head = (first + blockIdx.z) % heads;
  a += item * queries * a_stride + head * width;
  b += item * keys * b_stride + head * width;
  scores += blockIdx.z * queries * keys;
  Sum c[product_part][product_part];
  block_product<true, true>(c, a, a_stride, b, b_stride, queries, keys, width);
#pragma unroll
  for (int i = 0; i < product_part; i++)
#pragma unroll
    for (int j = 0; j < product_part; j++) {
      product_place at(i, j);
      if (at.row >= queries || at.column >= keys) continue;
      Sum x = c[i][j] * scale;
      if (bias) x += bias[item * bias_item + at.row * bias_query + at.column];
      scores[at.row * keys + at.column] = x;
    }
}

// result = scale·p·x or, `transposed`, scale·pᵀ·x: p[z] is (queries, keys), rows of x belong to the axis that is summed
// over and rows of the result to the other.
template <bool transposed, class T, class Sum>
__device__ __forceinline__ void mix_rows(const Sum *p, const T *x, long x_stride, Sum scale, T *result,
                                         long result_stride, long first, long heads, long queries, long keys,
                                         long width) {
  long item = (first + blockIdx.z) / heads, head = (first + blockIdx.z) % heads;
  long rows = transposed ? keys : queries, inner = transposed ? queries : keys;
  p += blockIdx.z * queries * keys;
  x += item * inner * x_stride + head * width;
  result += item * rows * result_stride + head * width;
  Sum c[product_part][product_part];
  block_product<!transposed, false>(c, p, keys, x, x_stride, rows, width, inner);
#pragma unroll
  for (int i = 0; i < product_part; i++)
#pragma unroll
    for (int j = 0; j < product_part; j++) {
      product_place at(i, j);
      if (at.row >= rows || at.column >= width) continue;
      result[at.row * result_stride + at.column] = narrow<T>(c[i][j] * scale);
    }
}

__device__ __forceinline__ float exponential(float x) { return exp2_fast(x * 1.44269504088896341f); }
__device__ __forceinline__ double exponential(double x) { return exp(x); }

// This thread's row of scores: a warp has one.
__device__ __forceinline__ long warp_row() {
  return (blockIdx.x * static_cast<long>(blockDim.x) + threadIdx.x) / warp_size;
}

// x = exp(x − max x) / Σ; of −inf alone NaN, as the formula says.
template <class T>
__device__ __forceinline__ void softmax_row(T *x, long rows, long columns) {
  if (warp_row() >= rows) return;
  x += warp_row() * columns;
  int lane = threadIdx.x % warp_size;
  T top = x[0], sum = 0;
  for (long i = lane; i < columns; i += warp_size) top = x[i] > top ? x[i] : top;
  top = warp_maximum(top);
  for (long i = lane; i < columns; i += warp_size) {
    T power = exponential(x[i] - top);
    x[i] = power;
    sum += power;
  }
  T factor = T(1) / warp_sum(sum);
  for (long i = lane; i < columns; i += warp_size) x[i] *= factor;
}

// dp = p∘(dp − Σ p∘dp)
template <class T>
__device__ __forceinline__ void softmax_gradient_row(const T *p, T *dp, long rows, long columns) {
  if (warp_row() >= rows) return;
  p += warp_row() * columns;
  dp += warp_row() * columns;
  int lane = threadIdx.x % warp_size;
  T dot = 0;
  for (long i = lane; i < columns; i += warp_size) dot += p[i] * dp[i];
  dot = warp_sum(dot);
  for (long i = lane; i < columns; i += warp_size) dp[i] = p[i] * (dp[i] - dot);
}

// dbias[item, q, k] += Σ ds of the item's heads, or of all where items share it, in their order; of heads
// first ..< first + count. `item_count` is 1 where items share the bias.
template <class T>
__device__ __forceinline__ void add_bias_gradient(const T *ds, T *dbias, long first, long count, long heads,
                                                  long item_count, long size) {
  long own = item_count == 1 ? first + count : heads;
  GRID_STRIDE(i, item_count * size) {
    long begin = i / size * own, end = begin + own;
    if (begin < first) begin = first;
    if (end > first + count) end = first + count;
    if (begin >= end) continue;
    T sum = dbias[i];
    for (long head = begin; head < end; head++) sum += ds[(head - first) * size + i % size];
    dbias[i] = sum;
  }
}

#define ATTENTION_GENERAL(suffix, T, Sum)                                                                            \
  KERNEL_BOUNDED(attention_score_##suffix, product_threads, 2, const T *a, long a_stride, const T *b, long b_stride, \
                 const Sum *bias, long bias_item, long bias_query, Sum scale, Sum *scores, long first, long heads,   \
                 long queries, long keys, long width) {                                                              \
    score_rows(a, a_stride, b, b_stride, bias, bias_item, bias_query, scale, scores, first, heads, queries, keys,    \
               width);                                                                                               \
  }                                                                                                                  \
  KERNEL_BOUNDED(attention_mix_##suffix, product_threads, 2, const Sum *p, const T *x, long x_stride, Sum scale,     \
                 T *result, long result_stride, long first, long heads, long queries, long keys, long width) {       \
    mix_rows<false>(p, x, x_stride, scale, result, result_stride, first, heads, queries, keys, width);               \
  }                                                                                                                  \
  KERNEL_BOUNDED(attention_mix_transposed_##suffix, product_threads, 2, const Sum *p, const T *x, long x_stride,     \
                 Sum scale, T *result, long result_stride, long first, long heads, long queries, long keys,          \
                 long width) {                                                                                       \
    mix_rows<true>(p, x, x_stride, scale, result, result_stride, first, heads, queries, keys, width);                \
  }

ATTENTION_GENERAL(bf16, bf16, float)
ATTENTION_GENERAL(f32, float, float)
ATTENTION_GENERAL(f64, double, double)

#define ATTENTION_GENERAL_SCORES(suffix, T)                                                                         \
  KERNEL_BOUNDED(attention_softmax_##suffix, product_threads, 4, T *x, long rows, long columns) {                   \
    softmax_row(x, rows, columns);                                                                                  \
  }                                                                                                                 \
  KERNEL_BOUNDED(attention_softmax_backward_##suffix, product_threads, 4, const T *p, T *dp, long rows,             \
                 long columns) {                                                                                    \
    softmax_gradient_row(p, dp, rows, columns);                                                                     \
  }                                                                                                                 \
  KERNEL(attention_bias_gradient_##suffix, const T *ds, T *dbias, long first, long count, long heads,               \
         long item_count, long size) {                                                                              \
    add_bias_gradient(ds, dbias, first, count, heads, item_count, size);                                            \
  }

ATTENTION_GENERAL_SCORES(f32, float)
ATTENTION_GENERAL_SCORES(f64, double)
