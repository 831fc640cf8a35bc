// Attention of bfloat16 rows on tensor cores: o = softmax(q·kᵀ/√w + bias)·v, for every head of every item.
//
// With x = log₂e·(q·kᵀ/√w + bias), m = max x over the keys and e = 2^(x − m): o = (e·v) / Σ e. Scores, maxima and sums
// are float32 and never leave the registers; e is rounded to bfloat16 for its product with v.
//
// A block is two warps and has 64 queries of one head, 32 a warp: every matrix of keys and values that a warp loads
// serves two strips of 16 queries, which halves the traffic of shared memory against four warps of 16. Blocks of one
// head's queries, and of one item's heads, are neighbours, so their rows meet in the second cache.
//
// Floor at 50 tokens, width 64: 4·50·128 bytes a head, 1,380 clocks of a multiprocessor's share of 4.3 TB/s (18.6 bytes
// a clock at 1.755 GHz); 0.20 ms for 2,816 × 12 heads. Beside it, per head:
//   shared memory, lines of 128 bytes: copies in 192, queries 64, keys 112, values 128, exchange 32: 530 clocks;
//   tensor cores: 240 products of 16×8×16 at 6.5 clocks on four units (62 % of their best): 390 clocks;
//   instructions: 2·1,160 without a bias, four a clock: 580 clocks, of them 3,600 exponentials at 16 a clock: 220.
// None is half the floor, and eight blocks (24 KB, 64 threads, 128 registers) a multiprocessor overlap them.
#include "attention_tiles.cuh"

constexpr int attention_threads = 64;
constexpr int attention_strips = 2;

// The largest score so far of a row and Σ e, the part of this lane.
struct running_softmax {
  float top, sum;
};

// c = 2^(c − top) for two halves of a strip; what was summed before shrinks by `correction`.
template <int parts>
__device__ __forceinline__ void advance_softmax(running_softmax (&state)[2], float (&correction)[2],
                                                float (&c)[parts][4]) {
#pragma unroll
  for (int half = 0; half < 2; half++) {
    float top = state[half].top;
#pragma unroll
    for (int n = 0; n < parts; n++) top = fmaxf(fmaxf(c[n][2 * half], c[n][2 * half + 1]), top);
    top = row_maximum(top);
    // Nothing but −inf so far: every power shall be 0, and the sum as well, so that a row with no key at all is NaN.
    float finite = top == negative_infinity() ? 0.f : top;
    correction[half] = exp2_fast(state[half].top - finite);
    float sum = state[half].sum * correction[half];
#pragma unroll
    for (int n = 0; n < parts; n++)
#pragma unroll
      for (int e = 2 * half; e < 2 * half + 2; e++) {
        c[n][e] = exp2_fast(c[n][e] - finite);
        sum += c[n][e];
      }
    state[half] = {top, sum};
  }
}

// Both halves of a strip, times a factor a row.
template <int parts>
__device__ __forceinline__ void scale_strip(float (&c)[parts][4], const float (&factors)[2]) {
#pragma unroll
  for (int n = 0; n < parts; n++)
#pragma unroll
    for (int e = 0; e < 4; e++) c[n][e] *= factors[e / 2];
}

// `parts` is how many times 8 keys a tile has that are looked at; `single` where there is but one tile of keys.
template <int width, int parts, bool single>
__device__ __forceinline__ void attend(bf16 *shared, const bf16 *query, long query_stride, const bf16 *key,
                                       long key_stride, const bf16 *value, long value_stride, const float *bias,
                                       long bias_item, long bias_query, bf16 *result, long result_stride, long heads,
                                       long queries, long keys, float scale) {
  constexpr int strips = attention_strips, threads = attention_threads, size = tile_rows * width;
  unsigned query_tiles = single ? 1 : static_cast<unsigned>((queries + tile_rows - 1) / tile_rows);
  long key_tiles = single ? 1 : (keys + tile_rows - 1) / tile_rows;
  head_place place(blockIdx.x / query_tiles, heads);
  long first_query = static_cast<long>(blockIdx.x % query_tiles) * tile_rows;
  int first = threadIdx.x / warp_size * 16 * strips, query_count = rows_left(queries, first_query);
  key = place.rows(key, key_stride, keys, 0, width);
  value = place.rows(value, value_stride, keys, 0, width);
  if (bias) bias += place.item * bias_item + (first_query + first) * bias_query;

  bf16 *query_tile = shared, *key_tile = shared + size, *value_tile = key_tile + size;
  load_tile<width, threads>(query_tile, place.rows(query, query_stride, queries, first_query, width), query_stride,
                            query_count);
  load_tile<width, threads>(key_tile, key, key_stride, rows_left(keys, 0));
  copy_async_commit();
  load_tile<width, threads>(value_tile, value, value_stride, rows_left(keys, 0));
  copy_async_commit();

  running_softmax state[strips][2];
  float sums[strips][width / 8][4];
#pragma unroll
  for (int s = 0; s < strips; s++) state[s][0] = state[s][1] = {negative_infinity(), 0.f};
  set_zero(sums);
  for (long tile = 0; tile < key_tiles; tile++) {
    // Keys and values lie in two places by turns: the next ones are on their way while these are used.
    int turn = static_cast<int>(tile % 2) * 2 * size;
    long now = tile * tile_rows, next = now + tile_rows;
    copy_async_wait<1>();
    __syncthreads();
    if (!single) {
      int other = 2 * size - turn, count = rows_left(keys, next);
      if (next < keys) load_tile<width, threads>(key_tile + other, key + next * key_stride, key_stride, count);
      copy_async_commit();
      if (next < keys) load_tile<width, threads>(value_tile + other, value + next * value_stride, value_stride, count);
      copy_async_commit();
    }
    float scores[strips][parts][4];
    set_zero(scores);
    multiply_rows<width>(scores, query_tile, first, key_tile + turn);
    scale_scores(scores, scale * log2_e, bias ? bias + now : nullptr, bias_query, query_count - first,
                 rows_left(keys, now));
#pragma unroll
    for (int s = 0; s < strips; s++) {
      float correction[2];
      advance_softmax(state[s], correction, scores[s]);
      if (!single) scale_strip(sums[s], correction);
    }
    left_operand<strips> weights;
    round_product(weights, scores);
    copy_async_wait<single ? 0 : 2>();
    __syncthreads();
    multiply<width>(sums, weights, value_tile + turn);
  }
#pragma unroll
  for (int s = 0; s < strips; s++) {
    float factors[2];
#pragma unroll
    for (int half = 0; half < 2; half++) factors[half] = reciprocal_fast(row_sum(state[s][half].sum));
    scale_strip(sums[s], factors);
  }
  store_rows<width>(place.rows(result, result_stride, queries, first_query, width), result_stride, query_count, first,
                    sums);
}

#define ATTENTION(name, blocks, width, parts, single)                                                              \
  KERNEL_BOUNDED(name, attention_threads, blocks, const bf16 *query, long query_stride, const bf16 *key,           \
                 long key_stride, const bf16 *value, long value_stride, const float *bias, long bias_item,         \
                 long bias_query, bf16 *result, long result_stride, long heads, long queries, long keys,           \
                 float scale) {                                                                                    \
    DYNAMIC_SHARED(bf16, shared);                                                                                  \
    attend<width, parts, single>(shared, query, query_stride, key, key_stride, value, value_stride, bias,          \
                                 bias_item, bias_query, result, result_stride, heads, queries, keys, scale);       \
  }

// At most 56 keys (the encoder's 50 tokens), at most 64, and any number; at most 64 queries where there is one tile.
ATTENTION(attention_keys56_width64_bf16, 8, 64, 7, true)
ATTENTION(attention_keys64_width64_bf16, 6, 64, 8, true)
ATTENTION(attention_long_width64_bf16, 4, 64, 8, false)
ATTENTION(attention_keys56_width32_bf16, 8, 32, 7, true)
ATTENTION(attention_keys64_width32_bf16, 8, 32, 8, true)
ATTENTION(attention_long_width32_bf16, 4, 32, 8, false)
