// The gradients of attention over bfloat16 rows on tensor cores, for any number of queries and keys.
//
// With x = log₂e·(q·kᵀ/√w + bias) and p, dp, d, ds as in attention_backward.cu, in two passes over tiles of 64, neither
// with an atomic, each sum in one order:
//   queries: a block has 64 queries. Over all tiles of keys it sums Σ e and Σ e∘dp, e = 2^(x − m), beside the running
//     maximum m of every row; then, over all tiles again, dq = Σ ds·k. It leaves m, 1/Σ e and d for the second pass.
//   keys: a block has 64 keys. Over all tiles of queries it sums dv = Σ pᵀ·dy and dk = Σ dsᵀ·q; it computes the
//     transposes of scores and dp, so that pᵀ and dsᵀ go from its registers into the products.
// Nine products of 64×64×w a pair of tiles, of which five are the least; they, and not memory, are its time.
//
// A block is four warps of 16 rows. The three statistics lie one after another, `statistics` numbers each.
#include "attention_tiles.cuh"

constexpr int long_threads = 128;

// Of one row: the largest score so far, and this lane's parts of Σ e and Σ e∘dp.
struct row_statistics {
  float top, sum, dot;
};

// Takes one tile of a row into account.
template <int parts>
__device__ __forceinline__ void advance_statistics(row_statistics (&state)[2], const float (&scores)[parts][4],
                                                   const float (&dp)[parts][4]) {
#pragma unroll
  for (int half = 0; half < 2; half++) {
    float top = state[half].top;
#pragma unroll
    for (int n = 0; n < parts; n++) top = fmaxf(fmaxf(scores[n][2 * half], scores[n][2 * half + 1]), top);
    top = row_maximum(top);
    // Nothing but −inf so far: every power shall be 0.
    float finite = top == negative_infinity() ? 0.f : top;
    float correction = exp2_fast(state[half].top - finite);
    float sum = state[half].sum * correction, dot = state[half].dot * correction;
#pragma unroll
    for (int n = 0; n < parts; n++)
#pragma unroll
      for (int e = 2 * half; e < 2 * half + 2; e++) {
        float power = exp2_fast(scores[n][e] - finite);
        sum += power;
        dot += power * dp[n][e];
      }
    state[half] = {top, sum, dot};
  }
}

// The scores in base 2 of the warp's 16 queries from `first` on with a tile of keys, and dp.
template <int width>
__device__ __forceinline__ void score(float (&scores)[1][tile_parts][4], float (&dp)[1][tile_parts][4],
                                      const bf16 *query_tile, const bf16 *key_tile, const bf16 *dy_tile,
                                      const bf16 *value_tile, int first, float scale, const float *bias,
                                      long bias_query, int queries, int keys) {
  set_zero(scores);
  multiply_rows<width>(scores, query_tile, first, key_tile);
  scale_scores(scores, scale * log2_e, bias, bias_query, queries - first, keys);
  // A bias has branches, after which nothing but this promises that the warp is together, as loads of matrices and
  // products want it. (Elsewhere a shuffle comes first.)
  __syncwarp();
  set_zero(dp);
  multiply_rows<width>(dp, dy_tile, first, value_tile);
}

template <int width>
__device__ __forceinline__ void differentiate_queries(bf16 *shared, const bf16 *query, long query_stride,
                                                      const bf16 *key, long key_stride, const bf16 *value,
                                                      long value_stride, const float *bias, long bias_item,
                                                      long bias_query, const bf16 *dy, long dy_stride, bf16 *dquery,
                                                      long dquery_stride, float *tops, long statistics, long heads,
                                                      long queries, long keys, float scale) {
  constexpr int size = tile_rows * width;
  unsigned query_tiles = static_cast<unsigned>((queries + tile_rows - 1) / tile_rows);
  head_place place(blockIdx.x / query_tiles, heads);
  long first_query = static_cast<long>(blockIdx.x % query_tiles) * tile_rows;
  int first = threadIdx.x / warp_size * 16, query_count = rows_left(queries, first_query);
  bf16 *query_tile = shared, *dy_tile = shared + size, *key_tile = shared + 2 * size, *value_tile = shared + 3 * size;
  load_tile<width, long_threads>(query_tile, place.rows(query, query_stride, queries, first_query, width), query_stride,
                                 query_count);
  load_tile<width, long_threads>(dy_tile, place.rows(dy, dy_stride, queries, first_query, width), dy_stride,
                                 query_count);
  key = place.rows(key, key_stride, keys, 0, width);
  value = place.rows(value, value_stride, keys, 0, width);
  if (bias) bias += place.item * bias_item + (first_query + first) * bias_query;

  row_statistics state[2] = {{negative_infinity(), 0.f, 0.f}, {negative_infinity(), 0.f, 0.f}};
  float factors[2], dots[2], sums[1][width / 8][4];
  set_zero(sums);
  for (int pass = 0; pass < 2; pass++) {
    for (long now = 0; now < keys; now += tile_rows) {
      int count = rows_left(keys, now);
      __syncthreads();
      load_tile<width, long_threads>(key_tile, key + now * key_stride, key_stride, count);
      load_tile<width, long_threads>(value_tile, value + now * value_stride, value_stride, count);
      copy_async_commit();
      copy_async_wait<0>();
      __syncthreads();
      float scores[1][tile_parts][4], dp[1][tile_parts][4];
      score<width>(scores, dp, query_tile, key_tile, dy_tile, value_tile, first, scale, bias ? bias + now : nullptr,
                   bias_query, query_count, count);
      if (pass == 0) {
        advance_statistics(state, scores[0], dp[0]);
        continue;
      }
#pragma unroll
      for (int n = 0; n < tile_parts; n++)
#pragma unroll
        for (int e = 0; e < 4; e++) {
          float p = exp2_fast(scores[0][n][e] - state[e / 2].top) * factors[e / 2];
          dp[0][n][e] = p * (dp[0][n][e] * scale - dots[e / 2]);
        }
      left_operand<1> dscores;
      round_product(dscores, dp);
      multiply<width>(sums, dscores, key_tile);
    }
    if (pass == 1) continue;
    // Of a row that sees no key the sum is 0: its factor is infinite, and 0 times that is no number.
#pragma unroll
    for (int half = 0; half < 2; half++) {
      if (state[half].top == negative_infinity()) state[half].top = 0.f;
      factors[half] = 1.f / row_sum(state[half].sum);
      float dot = row_sum(state[half].dot) * factors[half];
      dots[half] = dot * scale;
      int row = first + threadIdx.x % warp_size / 4 + 8 * half;
      if (threadIdx.x % 4 == 0 && row < query_count) {
        float *own = tops + static_cast<long>(blockIdx.x / query_tiles) * queries + first_query + row;
        own[0] = state[half].top;
        own[statistics] = factors[half];
        own[2 * statistics] = dot;
      }
    }
  }
  store_rows<width>(place.rows(dquery, dquery_stride, queries, first_query, width), dquery_stride, query_count, first,
                    sums);
}

// log₂e·bias of the warp's keys and a tile's queries, added to the transpose of the scores; then the warp is together.
__device__ __forceinline__ void add_bias_transposed(float (&c)[1][tile_parts][4], const float *bias, long bias_query,
                                                    int queries, int keys) {
  int key = threadIdx.x % warp_size / 4, query = threadIdx.x % 4 * 2;
#pragma unroll
  for (int n = 0; n < tile_parts; n++)
#pragma unroll
    for (int e = 0; e < 4; e++)
      if (query + 8 * n + e % 2 < queries && key + 8 * (e / 2) < keys)
        c[0][n][e] += log2_e * bias[(query + 8 * n + e % 2) * bias_query + key + 8 * (e / 2)];
  __syncwarp();
}

template <int width>
__device__ __forceinline__ void differentiate_keys(bf16 *shared, const bf16 *query, long query_stride, const bf16 *key,
                                                   long key_stride, const bf16 *value, long value_stride,
                                                   const float *bias, long bias_item, long bias_query, const bf16 *dy,
                                                   long dy_stride, bf16 *dkey, long dkey_stride, bf16 *dvalue,
                                                   long dvalue_stride, const float *tops, long statistics, long heads,
                                                   long queries, long keys, float scale) {
  constexpr int size = tile_rows * width;
  unsigned key_tiles = static_cast<unsigned>((keys + tile_rows - 1) / tile_rows);
  head_place place(blockIdx.x / key_tiles, heads);
  long first_key = static_cast<long>(blockIdx.x % key_tiles) * tile_rows;
  int first = threadIdx.x / warp_size * 16, key_count = rows_left(keys, first_key);
  bf16 *key_tile = shared, *value_tile = shared + size, *query_tile = shared + 2 * size, *dy_tile = shared + 3 * size;
  float *row_values = reinterpret_cast<float *>(shared + 4 * size);
  load_tile<width, long_threads>(key_tile, place.rows(key, key_stride, keys, first_key, width), key_stride, key_count);
  load_tile<width, long_threads>(value_tile, place.rows(value, value_stride, keys, first_key, width), value_stride,
                                 key_count);
  query = place.rows(query, query_stride, queries, 0, width);
  dy = place.rows(dy, dy_stride, queries, 0, width);
  tops += static_cast<long>(blockIdx.x / key_tiles) * queries;
  if (bias) bias += place.item * bias_item + first_key + first;

  float dkeys[1][width / 8][4], dvalues[1][width / 8][4];
  set_zero(dkeys);
  set_zero(dvalues);
  for (long now = 0; now < queries; now += tile_rows) {
    int count = rows_left(queries, now);
    __syncthreads();
    load_tile<width, long_threads>(query_tile, query + now * query_stride, query_stride, count);
    load_tile<width, long_threads>(dy_tile, dy + now * dy_stride, dy_stride, count);
    copy_async_commit();
    // Rows that there are not have a factor of 0 and so no part in anything.
    for (int i = threadIdx.x; i < 3 * tile_rows; i += long_threads) {
      int row = i % tile_rows;
      row_values[i] = row < count ? tops[i / tile_rows * statistics + now + row] : 0.f;
    }
    copy_async_wait<0>();
    __syncthreads();
    float p[1][tile_parts][4], dp[1][tile_parts][4];
    set_zero(p);
    multiply_rows<width>(p, key_tile, first, query_tile);
#pragma unroll
    for (int n = 0; n < tile_parts; n++)
#pragma unroll
      for (int e = 0; e < 4; e++) p[0][n][e] *= scale * log2_e;
    if (bias) add_bias_transposed(p, bias + now * bias_query, bias_query, count, key_count - first);
    set_zero(dp);
    multiply_rows<width>(dp, value_tile, first, dy_tile);
    left_operand<1> left;
    const float *own = row_values + threadIdx.x % 4 * 2;
#pragma unroll
    for (int n = 0; n < tile_parts; n++)
#pragma unroll
      for (int e = 0; e < 4; e++) {
        int row = 8 * n + e % 2;
        p[0][n][e] = exp2_fast(p[0][n][e] - own[row]) * own[tile_rows + row];
        dp[0][n][e] = p[0][n][e] * ((dp[0][n][e] - own[2 * tile_rows + row]) * scale);
      }
    round_product(left, p);
    multiply<width>(dvalues, left, dy_tile);
    round_product(left, dp);
    multiply<width>(dkeys, left, query_tile);
  }
  store_rows<width>(place.rows(dkey, dkey_stride, keys, first_key, width), dkey_stride, key_count, first, dkeys);
  store_rows<width>(place.rows(dvalue, dvalue_stride, keys, first_key, width), dvalue_stride, key_count, first,
                    dvalues);
}

#define ATTENTION_BACKWARD_LONG(queries_name, keys_name, width)                                                      \
  KERNEL_BOUNDED(queries_name, long_threads, 2, const bf16 *query, long query_stride, const bf16 *key,               \
                 long key_stride, const bf16 *value, long value_stride, const float *bias, long bias_item,           \
                 long bias_query, const bf16 *dy, long dy_stride, bf16 *dquery, long dquery_stride, float *tops,     \
                 long statistics, long heads, long queries, long keys, float scale) {                                \
    DYNAMIC_SHARED(bf16, shared);                                                                                    \
    differentiate_queries<width>(shared, query, query_stride, key, key_stride, value, value_stride, bias, bias_item, \
                                 bias_query, dy, dy_stride, dquery, dquery_stride, tops, statistics, heads, queries, \
                                 keys, scale);                                                                       \
  }                                                                                                                  \
  KERNEL_BOUNDED(keys_name, long_threads, 2, const bf16 *query, long query_stride, const bf16 *key, long key_stride, \
                 const bf16 *value, long value_stride, const float *bias, long bias_item, long bias_query,           \
                 const bf16 *dy, long dy_stride, bf16 *dkey, long dkey_stride, bf16 *dvalue, long dvalue_stride,     \
                 const float *tops, long statistics, long heads, long queries, long keys, float scale) {             \
    DYNAMIC_SHARED(bf16, shared);                                                                                    \
    differentiate_keys<width>(shared, query, query_stride, key, key_stride, value, value_stride, bias, bias_item,    \
                              bias_query, dy, dy_stride, dkey, dkey_stride, dvalue, dvalue_stride, tops, statistics, \
                              heads, queries, keys, scale);                                                          \
  }

ATTENTION_BACKWARD_LONG(attention_backward_queries_width64_bf16, attention_backward_keys_width64_bf16, 64)
ATTENTION_BACKWARD_LONG(attention_backward_queries_width32_bf16, attention_backward_keys_width32_bf16, 32)
