// The gradients of attention over bfloat16 rows on tensor cores, for at most 64 queries and keys: the encoder's.
//
// With p = softmax(q·kᵀ/√w + bias), computed again, and the gradient dy of p·v:
//   dp = dy·vᵀ,  d = Σ p∘dp of every row,  ds = p∘(dp − d)/√w,  dv = pᵀ·dy,  dq = ds·k,  dk = dsᵀ·q.
// Scores, p and dp stay in registers in float32; p and ds are rounded to bfloat16 for their products. Of those, dq
// takes ds straight from the registers; dv and dk need p and ds of all queries, which go through one tile of shared
// memory in turn, where the values lay until dp was known. No log-sum-exp and no output of the forward pass is read.
//
// A block is two warps and has one head; a warp has 32 queries, then 32 keys.
//
// Floor at 50 tokens, width 64: 7·50·128 bytes a head, 2,410 clocks of a multiprocessor's share of 4.3 TB/s; 0.35 ms
// for 2,816 × 12 heads. Beside it, per head:
//   shared memory, lines of 128 bytes: copies in 256; scores and dp 2·(64 + 112); p and ds out 128; dq 128; dv and dk
//   2·(64 + 128); exchange 96: 1,340 clocks (four warps of 16 rows each: 2,150);
//   tensor cores: 608 products of 16×8×16 at 6.5 clocks on four units (62 % of their best): 990 clocks;
//   instructions: 2·1,980 without a bias, four a clock: 990 clocks.
// The most is 56 % of the floor; six blocks (32 KB, 64 threads, 168 registers) a multiprocessor overlap them.
#include "attention_tiles.cuh"

constexpr int gradient_threads = 64;

// c = softmax of rows of scores in base 2, all of whose columns are here.
template <int strips, int parts>
__device__ __forceinline__ void softmax_rows(float (&c)[strips][parts][4]) {
#pragma unroll
  for (int s = 0; s < strips; s++)
#pragma unroll
    for (int half = 0; half < 2; half++) {
      float top = negative_infinity(), sum = 0.f;
#pragma unroll
      for (int n = 0; n < parts; n++) top = fmaxf(fmaxf(c[s][n][2 * half], c[s][n][2 * half + 1]), top);
      top = row_maximum(top);
#pragma unroll
      for (int n = 0; n < parts; n++)
#pragma unroll
        for (int e = 2 * half; e < 2 * half + 2; e++) {
          c[s][n][e] = exp2_fast(c[s][n][e] - top);
          sum += c[s][n][e];
        }
      float factor = reciprocal_fast(row_sum(sum));
#pragma unroll
      for (int n = 0; n < parts; n++)
#pragma unroll
        for (int e = 2 * half; e < 2 * half + 2; e++) c[s][n][e] *= factor;
    }
}

// dp = p∘(dp − Σ p∘dp)·scale
template <int strips, int parts>
__device__ __forceinline__ void softmax_gradient(float (&dp)[strips][parts][4], const float (&p)[strips][parts][4],
                                                 float scale) {
#pragma unroll
  for (int s = 0; s < strips; s++)
#pragma unroll
    for (int half = 0; half < 2; half++) {
      float dot = 0.f;
#pragma unroll
      for (int n = 0; n < parts; n++)
#pragma unroll
        for (int e = 2 * half; e < 2 * half + 2; e++) dot += p[s][n][e] * dp[s][n][e];
      dot = row_sum(dot) * scale;
#pragma unroll
      for (int n = 0; n < parts; n++)
#pragma unroll
        for (int e = 2 * half; e < 2 * half + 2; e++) dp[s][n][e] = p[s][n][e] * (dp[s][n][e] * scale - dot);
    }
}

template <int width, int parts>
__device__ __forceinline__ void differentiate(bf16 *shared, const bf16 *query, long query_stride, const bf16 *key,
                                              long key_stride, const bf16 *value, long value_stride,
                                              const float *bias, long bias_item, long bias_query, const bf16 *dy,
                                              long dy_stride, bf16 *dquery, long dquery_stride, bf16 *dkey,
                                              long dkey_stride, bf16 *dvalue, long dvalue_stride, long heads,
                                              int queries, int keys, float scale) {
  constexpr int strips = 2, threads = gradient_threads, size = tile_rows * width;
  head_place place(blockIdx.x, heads);
  int first = threadIdx.x / warp_size * 16 * strips;
  bf16 *query_tile = shared, *key_tile = shared + size, *dy_tile = shared + 2 * size, *value_tile = shared + 3 * size;
  load_tile<width, threads>(query_tile, place.rows(query, query_stride, queries, 0, width), query_stride,
                            queries);
  load_tile<width, threads>(key_tile, place.rows(key, key_stride, keys, 0, width), key_stride, keys);
  copy_async_commit();
  load_tile<width, threads>(dy_tile, place.rows(dy, dy_stride, queries, 0, width), dy_stride, queries);
  load_tile<width, threads>(value_tile, place.rows(value, value_stride, keys, 0, width), value_stride, keys);
  copy_async_commit();
  if (bias) bias += place.item * bias_item + first * bias_query;

  copy_async_wait<1>();
  __syncthreads();
  left_operand<strips> weights, dscores;
  {
    float p[strips][parts][4], dp[strips][parts][4];
    set_zero(p);
    multiply_rows<width>(p, query_tile, first, key_tile);
    scale_scores(p, scale * log2_e, bias, bias_query, queries - first, keys);
    softmax_rows(p);
    copy_async_wait<0>();
    __syncthreads();
    set_zero(dp);
    multiply_rows<width>(dp, dy_tile, first, value_tile);
    round_product(weights, p);
    softmax_gradient(dp, p, scale);
    round_product(dscores, dp);
  }
  // Each gradient between two barriers of its own: they keep the compiler from holding sums of two at once.
  bf16 *shared_tile = value_tile;
  __syncthreads();
  store_tile(shared_tile, first, weights);
  float sums[strips][width / 8][4];
  set_zero(sums);
  multiply<width>(sums, dscores, key_tile);
  store_rows<width>(place.rows(dquery, dquery_stride, queries, 0, width), dquery_stride, queries, first, sums);
  __syncthreads();
  set_zero(sums);
  multiply_transposed<width>(sums, shared_tile, first, dy_tile);
  store_rows<width>(place.rows(dvalue, dvalue_stride, keys, 0, width), dvalue_stride, keys, first, sums);
  __syncthreads();
  store_tile(shared_tile, first, dscores);
  __syncthreads();
  set_zero(sums);
  multiply_transposed<width>(sums, shared_tile, first, query_tile);
  store_rows<width>(place.rows(dkey, dkey_stride, keys, 0, width), dkey_stride, keys, first, sums);
}

// The tile of p and ds has 64 columns: at width 32 it is longer than that of the values, in whose place it begins.
#define ATTENTION_BACKWARD(name, blocks, width, parts)                                                              \
  KERNEL_BOUNDED(name, gradient_threads, blocks, const bf16 *query, long query_stride, const bf16 *key,             \
                 long key_stride, const bf16 *value, long value_stride, const float *bias, long bias_item,          \
                 long bias_query, const bf16 *dy, long dy_stride, bf16 *dquery, long dquery_stride, bf16 *dkey,     \
                 long dkey_stride, bf16 *dvalue, long dvalue_stride, long heads, long queries, long keys,           \
                 float scale) {                                                                                     \
    DYNAMIC_SHARED(bf16, shared);                                                                                   \
    differentiate<width, parts>(shared, query, query_stride, key, key_stride, value, value_stride, bias, bias_item, \
                                bias_query, dy, dy_stride, dquery, dquery_stride, dkey, dkey_stride, dvalue,        \
                                dvalue_stride, heads, static_cast<int>(queries), static_cast<int>(keys), scale);    \
  }

ATTENTION_BACKWARD(attention_backward_keys56_width64_bf16, 6, 64, 7)
ATTENTION_BACKWARD(attention_backward_keys64_width64_bf16, 4, 64, 8)
ATTENTION_BACKWARD(attention_backward_keys56_width32_bf16, 6, 32, 7)
ATTENTION_BACKWARD(attention_backward_keys64_width32_bf16, 4, 32, 8)
