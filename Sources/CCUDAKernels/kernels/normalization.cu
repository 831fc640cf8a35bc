// Layer norm (Ba et al. 2016) with the residual sum before it, and its backward pass.
//
// Encoders have rows of 512, 768 and 1024 float32 numbers: a warp keeps such a row in its registers, 4 consecutive
// numbers of every 128 in a lane, so that float32 moves by 16 bytes a lane and bfloat16 by 8. All other widths and
// float64 read a row three times, the second and third time from the first cache.
#include "rows.cuh"

constexpr int norm_warps = 4;
constexpr int norm_threads = norm_warps * warp_size;

// γ·(x − mean)·rstd + β. One order of operations, whoever calls it: what is computed again for a backward pass has the
// same bits.
template <class W>
__device__ __forceinline__ W normalized(W x, W mean, W rstd, W gamma, W beta) {
  return fused((x - mean) * rstd, gamma, beta);
}

// Element `at`, or four from there, of a tensor in the format W or, where `is_bf16`, in bfloat16.
template <int n, class W>
__device__ __forceinline__ void load_either(const void *from, int is_bf16, long at, W (&to)[n]) {
  if (is_bf16) {
    float narrow_values[n];
    load<n>(static_cast<const bf16 *>(from) + at, narrow_values);
#pragma unroll
    for (int k = 0; k < n; k++) to[k] = narrow_values[k];
  } else {
    load<n>(static_cast<const W *>(from) + at, to);
  }
}
template <int n, class W>
__device__ __forceinline__ void store_either(void *to, int is_bf16, long at, const W (&from)[n]) {
  if (is_bf16) {
    float narrow_values[n];
#pragma unroll
    for (int k = 0; k < n; k++) narrow_values[k] = static_cast<float>(from[k]);
    store<n>(static_cast<bf16 *>(to) + at, narrow_values);
  } else {
    store<n>(static_cast<W *>(to) + at, from);
  }
}

__device__ __forceinline__ long norm_row() {
  return blockIdx.x * static_cast<long>(norm_warps) + threadIdx.x / warp_size;
}

// Adds to v, 4 numbers of every 128, the update from there, and writes the sum.
template <int chunks>
__device__ __forceinline__ void add_update(const void *update, int update_is_bf16, long first, float *sum,
                                           float (&v)[chunks][4]) {
  float added[chunks][4];
  if (update_is_bf16) {
#pragma unroll
    for (int i = 0; i < chunks; i++) load<4>(static_cast<const bf16 *>(update) + first + 128 * i, added[i]);
  } else {
#pragma unroll
    for (int i = 0; i < chunks; i++) load<4>(static_cast<const float *>(update) + first + 128 * i, added[i]);
  }
#pragma unroll
  for (int i = 0; i < chunks; i++) {
#pragma unroll
    for (int k = 0; k < 4; k++) v[i][k] += added[i][k];
    store<4>(sum + first + 128 * i, v[i]);
  }
}

// sum = x + update and result = norm(sum) of rows of 128·chunks numbers. Floor with a bfloat16 update and result: 6
// bytes read and 6 written an element.
template <int chunks>
__device__ __forceinline__ void layer_norm_kept(const float *x, const void *update, int update_is_bf16,
                                                const float *gamma, const float *beta, float epsilon, float *sum,
                                                void *result, int result_is_bf16, float *mean, float *rstd,
                                                long rows) {
  constexpr int width = 128 * chunks;
  long row = norm_row();
  if (row >= rows) return;
  int lane = threadIdx.x % warp_size;
  long first = row * width + 4 * lane;
  float v[chunks][4];
#pragma unroll
  for (int i = 0; i < chunks; i++) load<4>(x + first + 128 * i, v[i]);
  if (update) {
    // Of long rows a half at a time is under way, or registers would not do.
    constexpr int part = chunks > 6 ? chunks / 2 : chunks;
#pragma unroll
    for (int i = 0; i < chunks; i += part)
      add_update<part>(update, update_is_bf16, first + 128 * i, sum, *reinterpret_cast<float(*)[part][4]>(v[i]));
  }
  float total = 0, squares = 0;
#pragma unroll
  for (int i = 0; i < chunks; i++) total += (v[i][0] + v[i][1]) + (v[i][2] + v[i][3]);
  float m = warp_sum(total) / width;
#pragma unroll
  for (int i = 0; i < chunks; i++) {
#pragma unroll
    for (int k = 0; k < 4; k++) squares += (v[i][k] - m) * (v[i][k] - m);
  }
  float s = inverse_root(warp_sum(squares) / width + epsilon);
#pragma unroll
  for (int i = 0; i < chunks; i++) {
    float g[4], b[4];
    load<4>(gamma + 4 * lane + 128 * i, g);
    load<4>(beta + 4 * lane + 128 * i, b);
#pragma unroll
    for (int k = 0; k < 4; k++) v[i][k] = normalized(v[i][k], m, s, g[k], b[k]);
    store_either<4>(result, result_is_bf16, first + 128 * i, v[i]);
  }
  if (lane == 0) {
    mean[row] = m;
    rstd[row] = s;
  }
}

// The same for rows of any width, at any address.
template <class W>
__device__ __forceinline__ void layer_norm_any(const W *x, const void *update, int update_is_bf16, const W *gamma,
                                               const W *beta, W epsilon, W *sum, void *result, int result_is_bf16,
                                               W *mean, W *rstd, long rows, long width) {
  long row = norm_row();
  if (row >= rows) return;
  int lane = threadIdx.x % warp_size;
  long first = row * width;
  W total = 0, squares = 0;
#pragma unroll 4
  for (long c = lane; c < width; c += warp_size) {
    W v[1] = {x[first + c]};
    if (update) {
      W added[1];
      load_either<1>(update, update_is_bf16, first + c, added);
      v[0] += added[0];
      sum[first + c] = v[0];
    }
    total += v[0];
  }
  W m = warp_sum(total) / static_cast<W>(width);
  // A lane reads what it wrote itself.
#pragma unroll 4
  for (long c = lane; c < width; c += warp_size) {
    W deviation = sum[first + c] - m;
    squares += deviation * deviation;
  }
  W s = inverse_root(warp_sum(squares) / static_cast<W>(width) + epsilon);
#pragma unroll 4
  for (long c = lane; c < width; c += warp_size) {
    W y[1] = {normalized(sum[first + c], m, s, gamma[c], beta[c])};
    store_either<1>(result, result_is_bf16, first + c, y);
  }
  if (lane == 0) {
    mean[row] = m;
    rstd[row] = s;
  }
}

KERNEL_BOUNDED(layer_norm_512_f32, norm_threads, 8, const float *x, const void *update, int update_is_bf16,
               const float *gamma, const float *beta, float epsilon, float *sum, void *result, int result_is_bf16,
               float *mean, float *rstd, long rows) {
  layer_norm_kept<4>(x, update, update_is_bf16, gamma, beta, epsilon, sum, result, result_is_bf16, mean, rstd, rows);
}
KERNEL_BOUNDED(layer_norm_768_f32, norm_threads, 8, const float *x, const void *update, int update_is_bf16,
               const float *gamma, const float *beta, float epsilon, float *sum, void *result, int result_is_bf16,
               float *mean, float *rstd, long rows) {
  layer_norm_kept<6>(x, update, update_is_bf16, gamma, beta, epsilon, sum, result, result_is_bf16, mean, rstd, rows);
}
KERNEL_BOUNDED(layer_norm_1024_f32, norm_threads, 8, const float *x, const void *update, int update_is_bf16,
               const float *gamma, const float *beta, float epsilon, float *sum, void *result, int result_is_bf16,
               float *mean, float *rstd, long rows) {
  layer_norm_kept<8>(x, update, update_is_bf16, gamma, beta, epsilon, sum, result, result_is_bf16, mean, rstd, rows);
}
KERNEL_BOUNDED(layer_norm_f32, norm_threads, 8, const float *x, const void *update, int update_is_bf16,
               const float *gamma, const float *beta, float epsilon, float *sum, void *result, int result_is_bf16,
               float *mean, float *rstd, long rows, long width) {
  layer_norm_any(x, update, update_is_bf16, gamma, beta, epsilon, sum, result, result_is_bf16, mean, rstd, rows,
                 width);
}
KERNEL_BOUNDED(layer_norm_f64, norm_threads, 8, const double *x, const void *update, int update_is_bf16,
               const double *gamma, const double *beta, double epsilon, double *sum, void *result, int result_is_bf16,
               double *mean, double *rstd, long rows, long width) {
  layer_norm_any(x, update, update_is_bf16, gamma, beta, epsilon, sum, result, result_is_bf16, mean, rstd, rows,
                 width);
}

// The result of a layer norm again. Floor with a bfloat16 result: 4 bytes read and 2 written an element.
template <int n, class W>
__device__ __forceinline__ void normalize_row(const W *x, const W *gamma, const W *beta, const W *mean, const W *rstd,
                                              void *result, int result_is_bf16, long row, long width) {
  W m = mean[row], s = rstd[row];
  long first = row * width;
#pragma unroll 4
  for (long c = threadIdx.x % warp_size * n; c < width; c += warp_size * n) {
    W v[n], g[n], b[n];
    load<n>(x + first + c, v);
    load<n>(gamma + c, g);
    load<n>(beta + c, b);
#pragma unroll
    for (int k = 0; k < n; k++) v[k] = normalized(v[k], m, s, g[k], b[k]);
    store_either<n>(result, result_is_bf16, first + c, v);
  }
}

template <class W>
__device__ __forceinline__ void normalize(const W *x, const W *gamma, const W *beta, const W *mean, const W *rstd,
                                          void *result, int result_is_bf16, long rows, long width) {
  long row = norm_row();
  if (row >= rows) return;
  constexpr int n = vector_length<float>;
  bool aligned = has_vectors(x, width) && has_vectors(gamma, width) && has_vectors(beta, width) &&
                 has_vectors(static_cast<W *>(result), 0) && width % n == 0;
  if (aligned) normalize_row<n>(x, gamma, beta, mean, rstd, result, result_is_bf16, row, width);
  else normalize_row<1>(x, gamma, beta, mean, rstd, result, result_is_bf16, row, width);
}

KERNEL(normalize_f32, const float *x, const float *gamma, const float *beta, const float *mean, const float *rstd,
       void *result, int result_is_bf16, long rows, long width) {
  normalize(x, gamma, beta, mean, rstd, result, result_is_bf16, rows, width);
}
KERNEL(normalize_f64, const double *x, const double *gamma, const double *beta, const double *mean,
       const double *rstd, void *result, int result_is_bf16, long rows, long width) {
  normalize(x, gamma, beta, mean, rstd, result, result_is_bf16, rows, width);
}

// With x̂ = (x − mean)·rstd and g = dy·γ:  dx = rstd·(g − mean(g) − x̂·mean(g·x̂)) + addend, dγ = Σ dy·x̂, dβ = Σ dy.

// 16 bytes -> shared memory.
__device__ __forceinline__ void store_shared(float *to, const float (&x)[4]) {
  *reinterpret_cast<float4 *>(to) = make_float4(x[0], x[1], x[2], x[3]);
}

// Rows of 128·chunks·warps numbers, each had by so many warps together. What they add to dγ and dβ stands in shared
// memory, where a lane adds to its own places by 16 bytes; a block leaves its sums, those for γ before those for β, in
// its row of `partials`. Floor with bfloat16 dy and an addend: 10 bytes read and 4 written an element.
template <int chunks, int warps, class G>
__device__ __forceinline__ void layer_norm_backward_kept(const float *x, const float *gamma, const float *mean,
                                                         const float *rstd, const G *dy, const float *addend,
                                                         float *dx, float *partials, long rows) {
  constexpr int width = 128 * chunks * warps, teams = norm_warps / warps;
  __shared__ __align__(16) float sums[teams][2 * width];
  __shared__ float halves[2][norm_warps][2];
  int warp = threadIdx.x / warp_size, team = warp / warps;
  int column = 4 * (threadIdx.x % (warps * warp_size));
  constexpr int step = 128 * warps;
  float *own = sums[team] + column;
#pragma unroll
  for (int i = 0; i < 2 * chunks; i++) {
    float zero[4] = {0, 0, 0, 0};
    store_shared(own + step * i, zero);
  }
  int turn = 0;
  // All teams of a block take as many turns: those that have no row any more meet the others in the barrier alone.
  long all_teams = static_cast<long>(gridDim.x) * teams;
  for (long begin = blockIdx.x * static_cast<long>(teams); begin < rows; begin += all_teams) {
    long row = begin + team, first = row * width + column;
    bool exists = row < rows;
    float v[chunks][4], d[chunks][4], more[chunks][4], s = 0, sum = 0, dot = 0;
    if (exists) {
#pragma unroll
      for (int i = 0; i < chunks; i++) {
        load<4>(x + first + step * i, v[i]);
        load<4>(dy + first + step * i, d[i]);
      }
#pragma unroll
      for (int i = 0; i < chunks; i++) {
#pragma unroll
        for (int k = 0; k < 4; k++) more[i][k] = 0;
        if (addend) load<4>(addend + first + step * i, more[i]);
      }
      float m = mean[row];
      s = rstd[row];
#pragma unroll
      for (int i = 0; i < chunks; i++) {
        float g[4];
        load<4>(gamma + column + step * i, g);
#pragma unroll
        for (int k = 0; k < 4; k++) {
          v[i][k] = (v[i][k] - m) * s;
          sum += d[i][k] * g[k];
          dot += d[i][k] * g[k] * v[i][k];
        }
      }
    }
    sum = warp_sum(sum);
    dot = warp_sum(dot);
    if constexpr (warps > 1) {
      // Two places by turns: one barrier parts those who read from those who write next but one.
      if (threadIdx.x % warp_size == 0) halves[turn][warp][0] = sum, halves[turn][warp][1] = dot;
      __syncthreads();
      sum = dot = 0;
#pragma unroll
      for (int w = 0; w < warps; w++) {
        sum += halves[turn][team * warps + w][0];
        dot += halves[turn][team * warps + w][1];
      }
      turn ^= 1;
    }
    if (!exists) continue;
    sum /= width;
    dot /= width;
#pragma unroll
    for (int i = 0; i < chunks; i++) {
      float g[4], to_gamma[4], to_beta[4], y[4];
      load<4>(gamma + column + step * i, g);
      load<4>(own + step * i, to_gamma);
      load<4>(own + width + step * i, to_beta);
#pragma unroll
      for (int k = 0; k < 4; k++) {
        to_gamma[k] += d[i][k] * v[i][k];
        to_beta[k] += d[i][k];
        y[k] = s * (d[i][k] * g[k] - sum - v[i][k] * dot) + more[i][k];
      }
      store_shared(own + step * i, to_gamma);
      store_shared(own + width + step * i, to_beta);
      store<4>(dx + first + step * i, y);
    }
  }
  __syncthreads();
  for (int c = 4 * threadIdx.x; c < 2 * width; c += 4 * norm_threads) {
    float total[4] = {0, 0, 0, 0};
#pragma unroll
    for (int t = 0; t < teams; t++) {
      float part[4];
      load<4>(sums[t] + c, part);
#pragma unroll
      for (int k = 0; k < 4; k++) total[k] += part[k];
    }
    store<4>(partials + blockIdx.x * (2L * width) + c, total);
  }
}

KERNEL_BOUNDED(layer_norm_backward_512_f32, norm_threads, 5, const float *x, const float *gamma, const float *mean,
               const float *rstd, const float *dy, const float *addend, float *dx, float *partials, long rows) {
  layer_norm_backward_kept<4, 1>(x, gamma, mean, rstd, dy, addend, dx, partials, rows);
}
KERNEL_BOUNDED(layer_norm_backward_512_bf16, norm_threads, 5, const float *x, const float *gamma, const float *mean,
               const float *rstd, const bf16 *dy, const float *addend, float *dx, float *partials, long rows) {
  layer_norm_backward_kept<4, 1>(x, gamma, mean, rstd, dy, addend, dx, partials, rows);
}
KERNEL_BOUNDED(layer_norm_backward_768_f32, norm_threads, 5, const float *x, const float *gamma, const float *mean,
               const float *rstd, const float *dy, const float *addend, float *dx, float *partials, long rows) {
  layer_norm_backward_kept<3, 2>(x, gamma, mean, rstd, dy, addend, dx, partials, rows);
}
KERNEL_BOUNDED(layer_norm_backward_768_bf16, norm_threads, 5, const float *x, const float *gamma, const float *mean,
               const float *rstd, const bf16 *dy, const float *addend, float *dx, float *partials, long rows) {
  layer_norm_backward_kept<3, 2>(x, gamma, mean, rstd, dy, addend, dx, partials, rows);
}
KERNEL_BOUNDED(layer_norm_backward_1024_f32, norm_threads, 5, const float *x, const float *gamma, const float *mean,
               const float *rstd, const float *dy, const float *addend, float *dx, float *partials, long rows) {
  layer_norm_backward_kept<4, 2>(x, gamma, mean, rstd, dy, addend, dx, partials, rows);
}
KERNEL_BOUNDED(layer_norm_backward_1024_bf16, norm_threads, 5, const float *x, const float *gamma, const float *mean,
               const float *rstd, const bf16 *dy, const float *addend, float *dx, float *partials, long rows) {
  layer_norm_backward_kept<4, 2>(x, gamma, mean, rstd, dy, addend, dx, partials, rows);
}

// dx for rows of any width; dγ and dβ are the next kernel's.
template <class W, class G>
__device__ __forceinline__ void layer_norm_backward_any(const W *x, const W *gamma, const W *mean, const W *rstd,
                                                        const G *dy, const W *addend, W *dx, long rows, long width) {
  long row = norm_row();
  if (row >= rows) return;
  int lane = threadIdx.x % warp_size;
  long first = row * width;
  W m = mean[row], s = rstd[row], sum = 0, dot = 0;
#pragma unroll 4
  for (long c = lane; c < width; c += warp_size) {
    W g = widen(dy[first + c]) * gamma[c];
    sum += g;
    dot += g * (x[first + c] - m);
  }
  sum = warp_sum(sum) / static_cast<W>(width);
  dot = warp_sum(dot) * (s / static_cast<W>(width));
#pragma unroll 4
  for (long c = lane; c < width; c += warp_size) {
    W value = s * (widen(dy[first + c]) * gamma[c] - sum - (x[first + c] - m) * s * dot);
    dx[first + c] = addend ? value + addend[first + c] : value;
  }
}

// Σ dy·x̂ and Σ dy over the rows of the blocks of one y, for 32 columns a block along x, into that y's row of
// `partials`.
template <class W, class G>
__device__ __forceinline__ void layer_norm_backward_columns(const W *x, const W *mean, const W *rstd, const G *dy,
                                                            W *partials, long rows, long width) {
  __shared__ W scratch[2 * column_threads];
  column_share<2> share(5, 0);
  long column = blockIdx.x * static_cast<long>(share.lanes) + share.lane;
  long part_rows = (rows + gridDim.y - 1) / gridDim.y, first = blockIdx.y * part_rows;
  long end = first + part_rows < rows ? first + part_rows : rows;
  W sums[2] = {0, 0};
#pragma unroll 4
  for (long row = first + share.group; row < (column < width ? end : 0); row += share.groups) {
    W g = widen(dy[row * width + column]);
    sums[0] += g * ((x[row * width + column] - mean[row]) * rstd[row]);
    sums[1] += g;
  }
  share.fold(sums, scratch);
  if (share.group != 0 || column >= width) return;
  W *to = partials + blockIdx.y * (2 * width) + column;
  to[0] = sums[0];
  to[width] = sums[1];
}

KERNEL(layer_norm_backward_f32, const float *x, const float *gamma, const float *mean, const float *rstd,
       const float *dy, const float *addend, float *dx, long rows, long width) {
  layer_norm_backward_any(x, gamma, mean, rstd, dy, addend, dx, rows, width);
}
KERNEL(layer_norm_backward_bf16, const float *x, const float *gamma, const float *mean, const float *rstd,
       const bf16 *dy, const float *addend, float *dx, long rows, long width) {
  layer_norm_backward_any(x, gamma, mean, rstd, dy, addend, dx, rows, width);
}
KERNEL(layer_norm_backward_f64, const double *x, const double *gamma, const double *mean, const double *rstd,
       const double *dy, const double *addend, double *dx, long rows, long width) {
  layer_norm_backward_any(x, gamma, mean, rstd, dy, addend, dx, rows, width);
}
KERNEL(layer_norm_backward_columns_f32, const float *x, const float *mean, const float *rstd, const float *dy,
       float *partials, long rows, long width) {
  layer_norm_backward_columns(x, mean, rstd, dy, partials, rows, width);
}
KERNEL(layer_norm_backward_columns_bf16, const float *x, const float *mean, const float *rstd, const bf16 *dy,
       float *partials, long rows, long width) {
  layer_norm_backward_columns(x, mean, rstd, dy, partials, rows, width);
}
KERNEL(layer_norm_backward_columns_f64, const double *x, const double *mean, const double *rstd, const double *dy,
       double *partials, long rows, long width) {
  layer_norm_backward_columns(x, mean, rstd, dy, partials, rows, width);
}

// Adds the rows of `partials`, 2·width numbers each, to dγ and dβ. Eight columns a block, 32 bytes of a row, or there
// would be too few blocks to have enough rows under way.
constexpr int partial_lane_bits = 3;

template <class W>
__device__ __forceinline__ void add_partials(const W *partials, long count, long width, W *dgamma, W *dbeta) {
  __shared__ W scratch[column_threads];
  column_share<1> share(partial_lane_bits, blockIdx.x);
  bool exists = share.column < 2 * width;
  W sum[1];
  sum_columns<1>(partials, count, 2 * width, share, exists, sum, scratch);
  if (share.group != 0 || !exists) return;
  if (share.column < width) dgamma[share.column] += sum[0];
  else dbeta[share.column - width] += sum[0];
}

KERNEL(layer_norm_add_partials_f32, const float *partials, long count, long width, float *dgamma, float *dbeta) {
  add_partials(partials, count, width, dgamma, dbeta);
}
KERNEL(layer_norm_add_partials_f64, const double *partials, long count, long width, double *dgamma, double *dbeta) {
  add_partials(partials, count, width, dgamma, dbeta);
}
