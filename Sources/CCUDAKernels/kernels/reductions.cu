// Sums: of everything, of rows, of columns.
//
// Every sum has one order, which the sizes alone decide: blocks leave partial sums in scratch memory, and these are
// added in the order of the blocks.
#include "rows.cuh"

constexpr int sum_threads = 256;

// Σ f(x) over the elements of one block's share: four vectors of a thread are added in their own format, then in
// float64. Floor: sizeof(T) bytes read an element.
template <int n, class T, class Function>
__device__ __forceinline__ double sum_share(const T *x, long count, Function f) {
  typedef typename wide<T>::type W;
  long thread = blockIdx.x * static_cast<long>(blockDim.x) + threadIdx.x;
  long threads = static_cast<long>(gridDim.x) * blockDim.x, vectors = count / n, v = thread;
  double total = 0;
  for (; v + 3 * threads < vectors; v += 4 * threads) {
    W a[n], b[n], c[n], d[n], part = 0;
    load<n>(x + v * n, a);
    load<n>(x + (v + threads) * n, b);
    load<n>(x + (v + 2 * threads) * n, c);
    load<n>(x + (v + 3 * threads) * n, d);
#pragma unroll
    for (int k = 0; k < n; k++) part += (f(a[k]) + f(b[k])) + (f(c[k]) + f(d[k]));
    total += part;
  }
  for (; v < vectors; v += threads) {
    W a[n], part = 0;
    load<n>(x + v * n, a);
#pragma unroll
    for (int k = 0; k < n; k++) part += f(a[k]);
    total += part;
  }
  // What is left after the last whole vector.
  if (long rest = vectors * n + thread; rest < count) total += f(widen(x[rest]));
  return total;
}

// A partial sum for each block, or the whole sum in `result` where the launch has one block and wants it.
template <class T, class Function>
__device__ __forceinline__ void sum_all(const T *x, long count, double *partials, T *result, Function f) {
  __shared__ double scratch[most_warps];
  double total = has_vectors(x, 0) ? sum_share<vector_length<T>>(x, count, f) : sum_share<1>(x, count, f);
  total = block_sum(total, scratch);
  if (threadIdx.x == 0) {
    if (result) result[0] = narrow<T>(total);
    else partials[blockIdx.x] = total;
  }
}

template <class T>
__device__ __forceinline__ void sum_partials(const double *partials, long count, T *result) {
  __shared__ double scratch[most_warps];
  double total = 0;
  for (long i = threadIdx.x; i < count; i += blockDim.x) total += partials[i];
  total = block_sum(total, scratch);
  if (threadIdx.x == 0) result[0] = narrow<T>(total);
}

KERNEL_BOUNDED(sum_f32, sum_threads, 6, const float *x, long count, double *partials, float *result) {
  sum_all(x, count, partials, result, [](float v) { return v; });
}
KERNEL_BOUNDED(sum_f64, sum_threads, 4, const double *x, long count, double *partials, double *result) {
  sum_all(x, count, partials, result, [](double v) { return v; });
}
KERNEL_BOUNDED(count_positive_f32, sum_threads, 6, const float *x, long count, double *partials, float *result) {
  sum_all(x, count, partials, result, [](float v) { return v > 0 ? 1.f : 0.f; });
}
KERNEL_BOUNDED(count_positive_f64, sum_threads, 4, const double *x, long count, double *partials, double *result) {
  sum_all(x, count, partials, result, [](double v) { return v > 0 ? 1. : 0.; });
}
KERNEL_BOUNDED(sum_of_squares_f32, sum_threads, 6, const float *x, long count, double *partials, float *result) {
  sum_all(x, count, partials, result, [](float v) { return v * v; });
}
KERNEL_BOUNDED(sum_of_squares_f64, sum_threads, 4, const double *x, long count, double *partials, double *result) {
  sum_all(x, count, partials, result, [](double v) { return v * v; });
}
// How many are infinite or not numbers.
KERNEL_BOUNDED(count_not_finite_f32, sum_threads, 6, const float *x, long count, double *partials, float *result) {
  sum_all(x, count, partials, result, [](float v) { return v - v == 0 ? 0.f : 1.f; });
}
KERNEL_BOUNDED(count_not_finite_f64, sum_threads, 4, const double *x, long count, double *partials, double *result) {
  sum_all(x, count, partials, result, [](double v) { return v - v == 0 ? 0. : 1.; });
}
KERNEL(sum_partials_f32, const double *partials, long count, float *result) { sum_partials(partials, count, result); }
KERNEL(sum_partials_f64, const double *partials, long count, double *result) { sum_partials(partials, count, result); }

// Σ a·b of a row, or Σ a where there is no b. Floor: a and b read once.
template <int n, class Team, class T>
__device__ __forceinline__ void reduce_row(const Team &team, const T *a, const T *b, T *result, long columns) {
  T sums[n];
#pragma unroll
  for (int k = 0; k < n; k++) sums[k] = 0;
  const T *row = a + team.row * columns, *other = b ? b + team.row * columns : nullptr;
#pragma unroll 4
  for (long c = team.lane * n; c < (team.exists ? columns : 0); c += team.lanes * n) {
    T x[n];
    load<n>(row + c, x);
    if (other) {
      T y[n];
      load<n>(other + c, y);
#pragma unroll
      for (int k = 0; k < n; k++) sums[k] += x[k] * y[k];
    } else {
#pragma unroll
      for (int k = 0; k < n; k++) sums[k] += x[k];
    }
  }
  T total = 0;
#pragma unroll
  for (int k = 0; k < n; k++) total += sums[k];
  total = team.sum(total);
  if (team.exists && team.lane == 0) result[team.row] = total;
}

template <class T>
__device__ __forceinline__ void reduce_rows(const T *a, const T *b, T *result, long rows, long columns, int lanes) {
  if (has_vectors(a, columns) && has_vectors(b, columns))
    WITH_TEAM(rows, lanes, reduce_row<vector_length<T>>(team, a, b, result, columns));
  else
    WITH_TEAM(rows, lanes, reduce_row<1>(team, a, b, result, columns));
}

KERNEL(row_sums_f32, const float *x, float *result, long rows, long columns, int lanes) {
  reduce_rows<float>(x, nullptr, result, rows, columns, lanes);
}
KERNEL(row_sums_f64, const double *x, double *result, long rows, long columns, int lanes) {
  reduce_rows<double>(x, nullptr, result, rows, columns, lanes);
}
KERNEL(row_dots_f32, const float *a, const float *b, float *result, long rows, long columns, int lanes) {
  reduce_rows(a, b, result, rows, columns, lanes);
}
KERNEL(row_dots_f64, const double *a, const double *b, double *result, long rows, long columns, int lanes) {
  reduce_rows(a, b, result, rows, columns, lanes);
}

// Column sums of `outer` matrices of rows × columns that follow each other. Blocks along x have a tile of a matrix's
// columns, along y a part of its rows; part p of all matrices is p·outer·columns further in `result`. Adds to the
// result where `accumulate`. Floor: x read once.
template <int n, class T>
__device__ __forceinline__ void column_sums(const T *x, typename wide<T>::type *result, long outer, long rows,
                                            long columns, int lane_bits, int accumulate) {
  typedef typename wide<T>::type W;
  __shared__ W scratch[n * column_threads];
  long tiles = (columns / n + (1 << lane_bits) - 1) >> lane_bits;
  long matrix = blockIdx.x / tiles;
  column_share<n> share(lane_bits, blockIdx.x % tiles);
  long part_rows = (rows + gridDim.y - 1) / gridDim.y, first = blockIdx.y * part_rows;
  long own = rows - first < part_rows ? rows - first : part_rows;
  bool exists = share.column < columns;
  W sums[n];
  sum_columns<n>(x + (matrix * rows + first) * columns, own, columns, share, exists, sums, scratch);
  if (share.group != 0 || !exists) return;
  W *to = result + (blockIdx.y * outer + matrix) * columns + share.column;
#pragma unroll
  for (int k = 0; k < n; k++) to[k] = accumulate ? to[k] + sums[k] : sums[k];
}

KERNEL_BOUNDED(column_sums_f32, column_threads, 6, const float *x, float *result, long outer, long rows, long columns,
               int lane_bits, int accumulate) {
  column_sums<1>(x, result, outer, rows, columns, lane_bits, accumulate);
}
KERNEL_BOUNDED(column_sums_f64, column_threads, 4, const double *x, double *result, long outer, long rows,
               long columns, int lane_bits, int accumulate) {
  column_sums<1>(x, result, outer, rows, columns, lane_bits, accumulate);
}
KERNEL_BOUNDED(column_sums_bf16, column_threads, 6, const bf16 *x, float *result, long outer, long rows, long columns,
               int lane_bits, int accumulate) {
  column_sums<1>(x, result, outer, rows, columns, lane_bits, accumulate);
}
// The same with 16 bytes a thread: rows begin at multiples of 16 bytes.
KERNEL_BOUNDED(column_sums_vector_f32, column_threads, 4, const float *x, float *result, long outer, long rows,
               long columns, int lane_bits, int accumulate) {
  column_sums<4>(x, result, outer, rows, columns, lane_bits, accumulate);
}
KERNEL_BOUNDED(column_sums_vector_f64, column_threads, 4, const double *x, double *result, long outer, long rows,
               long columns, int lane_bits, int accumulate) {
  column_sums<2>(x, result, outer, rows, columns, lane_bits, accumulate);
}
KERNEL_BOUNDED(column_sums_vector_bf16, column_threads, 4, const bf16 *x, float *result, long outer, long rows,
               long columns, int lane_bits, int accumulate) {
  column_sums<8>(x, result, outer, rows, columns, lane_bits, accumulate);
}
