// Rows and columns picked by number, and rows in order.
//
// Rows are moved by `lanes` threads each, a power of two, which take turns along the row; a block has several rows, or
// one of `parts` parts of them where rows are long: a few rows, however long, keep a whole GPU at work. What is added to
// one place is added in the order of the indices, by one thread, whatever the parts.
#include "rows.cuh"

// Turns that the lanes of a row take, at most, in a part of it: `RowTeams.turnsOfPart`.
constexpr int turns_of_part = 8;

// What a thread has of a row of `places` places, of an element or a vector each: begin, begin + lanes, … before `end`.
// Blocks of one row's parts are neighbours; the last part is what the others leave.
struct row_part {
  int lanes;
  long row, begin, end;
  bool exists;

  __device__ __forceinline__ row_part(long rows, long places, int lanes, int parts) : lanes(lanes) {
    int of_block = static_cast<int>(threadIdx.x) / lanes, rows_of_block = static_cast<int>(blockDim.x) / lanes;
    unsigned count = static_cast<unsigned>(parts), group = blockIdx.x / count, part = blockIdx.x - group * count;
    row = group * static_cast<long>(rows_of_block) + of_block;
    exists = row < rows;
    long first = part * static_cast<long>(turns_of_part * lanes);
    begin = first + (static_cast<int>(threadIdx.x) & (lanes - 1));
    end = part + 1 == count ? places : first + turns_of_part * lanes;
  }
};

// Row i of the result is row indices[i] of x, or zeros where that is −1: rows of `words` words of 16, 8, 4 or 2 bytes,
// the widest that all rows begin at. Floor: a row read and written once.
template <class Word>
__device__ __forceinline__ void gather_rows(const Word *x, const int *indices, Word *result, long count, long words,
                                            int lanes, int parts) {
  row_part own(count, words, lanes, parts);
  if (!own.exists) return;
  long index = indices[own.row];
  const Word *from = x + index * words;
  Word *to = result + own.row * words;
  // Four are under way before the first is written: rows of 768 float32 have three for each of 64 lanes.
  constexpr int at_once = 4;
#pragma unroll 1
  for (long c = own.begin; c < own.end; c += at_once * own.lanes) {
    Word moved[at_once];
#pragma unroll
    for (int u = 0; u < at_once; u++) {
      moved[u] = Word{};
      if (index >= 0 && c + u * own.lanes < own.end) moved[u] = from[c + u * own.lanes];
    }
#pragma unroll
    for (int u = 0; u < at_once; u++)
      if (c + u * own.lanes < own.end) to[c + u * own.lanes] = moved[u];
  }
}

#define GATHER_ROWS(bytes, Word)                                                                                 \
  KERNEL(gather_rows_##bytes##_bytes, const Word *x, const int *indices, Word *result, long count, long words,   \
         int lanes, int parts) {                                                                                 \
    gather_rows(x, indices, result, count, words, lanes, parts);                                                 \
  }
GATHER_ROWS(16, uint4)
GATHER_ROWS(8, uint2)
GATHER_ROWS(4, unsigned)
GATHER_ROWS(2, unsigned short)

// Row indices[i] of dx += row i of dy, nothing where that is −1; no index twice. Floor: dy read, as much of dx read and
// written.
template <int n, class T>
__device__ __forceinline__ void scatter_add_row(const T *dy, const int *indices, T *dx, long count, long width,
                                                int lanes, int parts) {
  row_part own(count, width / n, lanes, parts);
  long index = own.exists ? indices[own.row] : -1;
  if (index < 0) return;
  const T *from = dy + own.row * width;
  T *to = dx + index * width;
#pragma unroll 4
  for (long c = own.begin; c < own.end; c += own.lanes) {
    typename wide<T>::type sum[n], added[n];
    load<n>(to + c * n, sum);
    load<n>(from + c * n, added);
#pragma unroll
    for (int k = 0; k < n; k++) sum[k] += added[k];
    store<n>(to + c * n, sum);
  }
}

#define SCATTER_ADD_ROWS(suffix, T)                                                                              \
  KERNEL(scatter_add_rows_##suffix, const T *dy, const int *indices, T *dx, long count, long width, int lanes,   \
         int parts) {                                                                                            \
    if (has_vectors(dy, width) && has_vectors(dx, width))                                                        \
      scatter_add_row<vector_length<T>>(dy, indices, dx, count, width, lanes, parts);                            \
    else                                                                                                         \
      scatter_add_row<1>(dy, indices, dx, count, width, lanes, parts);                                           \
  }
SCATTER_ADD_ROWS(f32, float)
SCATTER_ADD_ROWS(f64, double)
SCATTER_ADD_ROWS(bf16, bf16)

// Where indices repeat: sources begins[s]..<begins[s + 1] of segment s are rows of dy, in the order of the indices. A
// segment with a target adds its rows to that row of dx, starting from what is there; one with target −1 − p leaves
// their sum in row p of `partials`. Floor: dy read, its targets in dx read and written.
template <int n, class T>
__device__ __forceinline__ void add_segment(const T *dy, const int *sources, const int *begins, const int *targets,
                                            T *dx, typename wide<T>::type *partials, long segments, long width,
                                            int lanes, int parts) {
  typedef typename wide<T>::type W;
  row_part own(segments, width / n, lanes, parts);
  if (!own.exists) return;
  int begin = begins[own.row], end = begins[own.row + 1], target = targets[own.row];
  for (long c = own.begin; c < own.end; c += own.lanes) {
    W sum[n];
    if (target >= 0) {
      load<n>(dx + target * width + c * n, sum);
    } else {
#pragma unroll
      for (int k = 0; k < n; k++) sum[k] = 0;
    }
#pragma unroll 4
    for (int source = begin; source < end; source++) {
      W added[n];
      load<n>(dy + sources[source] * width + c * n, added);
#pragma unroll
      for (int k = 0; k < n; k++) sum[k] += added[k];
    }
    if (target >= 0) store<n>(dx + target * width + c * n, sum);
    else store<n>(partials + (-1L - target) * width + c * n, sum);
  }
}

#define SCATTER_ADD_SEGMENTS(suffix, T)                                                                          \
  KERNEL(scatter_add_segments_##suffix, const T *dy, const int *sources, const int *begins, const int *targets,  \
         T *dx, wide<T>::type *partials, long segments, long width, int lanes, int parts) {                      \
    if (has_vectors(dy, width) && has_vectors(dx, width))                                                        \
      add_segment<vector_length<T>>(dy, sources, begins, targets, dx, partials, segments, width, lanes, parts);  \
    else                                                                                                         \
      add_segment<1>(dy, sources, begins, targets, dx, partials, segments, width, lanes, parts);                 \
  }
SCATTER_ADD_SEGMENTS(f32, float)
SCATTER_ADD_SEGMENTS(f64, double)
SCATTER_ADD_SEGMENTS(bf16, bf16)

// Row targets[t] of dx += rows begins[t]..<begins[t + 1] of `partials`, in their order. Floor: `partials` read once.
template <class T>
__device__ __forceinline__ void scatter_add_partials(const typename wide<T>::type *partials, const int *begins,
                                                     const int *targets, T *dx, long count, long width, int lanes,
                                                     int parts) {
  row_part own(count, width, lanes, parts);
  if (!own.exists) return;
  int begin = begins[own.row], end = begins[own.row + 1];
  T *to = dx + targets[own.row] * width;
  for (long c = own.begin; c < own.end; c += own.lanes) {
    typename wide<T>::type sum = widen(to[c]);
#pragma unroll 4
    for (int p = begin; p < end; p++) sum += partials[p * width + c];
    to[c] = narrow<T>(sum);
  }
}

#define SCATTER_ADD_PARTIALS(suffix, T)                                                                          \
  KERNEL(scatter_add_partials_##suffix, const wide<T>::type *partials, const int *begins, const int *targets,    \
         T *dx, long count, long width, int lanes, int parts) {                                                  \
    scatter_add_partials(partials, begins, targets, dx, count, width, lanes, parts);                             \
  }
SCATTER_ADD_PARTIALS(f32, float)
SCATTER_ADD_PARTIALS(f64, double)
SCATTER_ADD_PARTIALS(bf16, bf16)

// result[r, k] = x[r, indices[r, k]]. Floor: indices and 32 bytes of x read a pick, the result written.
template <class T>
__device__ __forceinline__ void gather_columns(const T *x, const int *indices, T *result, long rows, long columns,
                                               long picks) {
  GRID_STRIDE(i, rows * picks) { result[i] = x[i / picks * columns + indices[i]]; }
}
KERNEL(gather_columns_f32, const float *x, const int *indices, float *result, long rows, long columns, long picks) {
  gather_columns(x, indices, result, rows, columns, picks);
}
KERNEL(gather_columns_f64, const double *x, const int *indices, double *result, long rows, long columns, long picks) {
  gather_columns(x, indices, result, rows, columns, picks);
}

// dx[r, indices[r, k]] += dy[r, k], k in order. The lanes of a row take as many picks at once; where some of those are
// the same column, they go one after the other, each when as many have gone as are before it. Floor: indices and dy
// read, 32 bytes of dx read and written a pick.
template <class T>
__device__ __forceinline__ void scatter_add_columns(const T *dy, const int *indices, T *dx, long rows, long columns,
                                                    long picks, int lanes) {
  lane_team team(rows, lanes);
  for (long begin = 0; begin < picks; begin += lanes) {
    long k = begin + team.lane;
    bool exists = team.exists && k < picks;
    int column = exists ? indices[team.row * picks + k] : -1 - team.lane;
    int before = 0;
    for (int other = 0; other < lanes; other++)
      before += __shfl_sync(0xffffffffu, column, other, lanes) == column && other < team.lane;
    int turns = warp_maximum(before);
    for (int turn = 0; turn <= turns; turn++) {
      if (exists && before == turn) dx[team.row * columns + column] += dy[team.row * picks + k];
      __syncwarp();
    }
  }
}
KERNEL(scatter_add_columns_f32, const float *dy, const int *indices, float *dx, long rows, long columns, long picks,
       int lanes) {
  scatter_add_columns(dy, indices, dx, rows, columns, picks, lanes);
}
KERNEL(scatter_add_columns_f64, const double *dy, const int *indices, double *dx, long rows, long columns, long picks,
       int lanes) {
  scatter_add_columns(dy, indices, dx, rows, columns, picks, lanes);
}

// Where a number stands in descending order: the smaller the sooner, −0 with 0, NaN behind −∞. No number has `last`
// but NaN.
__device__ __forceinline__ unsigned descending(float x) {
  if (x != x) return ~0u;
  unsigned bits = x == 0 ? 0u : __float_as_uint(x);
  return bits >> 31 ? bits : ~(bits | 1u << 31);
}
__device__ __forceinline__ unsigned long long descending(double x) {
  if (x != x) return ~0ull;
  unsigned long long bits = x == 0 ? 0ull : static_cast<unsigned long long>(__double_as_longlong(x));
  return bits >> 63 ? bits : ~(bits | 1ull << 63);
}
template <class T> struct order_key { typedef unsigned type; };
template <> struct order_key<double> { typedef unsigned long long type; };

// Equal numbers go in the order of their columns: no two are the same, so every order has one outcome.
template <class Key>
__device__ __forceinline__ bool comes_before(Key a, unsigned a_column, Key b, unsigned b_column) {
  return a < b || (a == b && a_column < b_column);
}

// Sorts the first `size` numbers, a power of two, of shared memory (bitonic: Batcher 1968).
template <class Key>
__device__ __forceinline__ void sort_shared(Key *keys, unsigned *columns, int size) {
  for (int run = 2; run <= size; run *= 2) {
    for (int stride = run / 2; stride > 0; stride /= 2) {
      __syncthreads();
      for (int i = threadIdx.x; i < size / 2; i += blockDim.x) {
        int low = 2 * i - (i & (stride - 1)), high = low + stride;
        bool upward = (low & run) == 0;
        Key a = keys[low], b = keys[high];
        unsigned a_column = columns[low], b_column = columns[high];
        if (comes_before(b, b_column, a, a_column) == upward) {
          keys[low] = b, keys[high] = a;
          columns[low] = b_column, columns[high] = a_column;
        }
      }
    }
  }
  __syncthreads();
}

// Fills shared memory with columns first, first + 1, … of a row, behind them with what comes last, and sorts it.
template <class T, class Key>
__device__ __forceinline__ unsigned *sort_part(const T *row, long first, long columns, int size, Key *keys) {
  unsigned *places = reinterpret_cast<unsigned *>(keys + size);
  for (int i = threadIdx.x; i < size; i += blockDim.x) {
    bool exists = first + i < columns;
    keys[i] = exists ? descending(row[first + i]) : ~static_cast<Key>(0);
    places[i] = exists ? static_cast<unsigned>(first + i) : ~0u;
  }
  sort_shared(keys, places, size);
  return places;
}

// The first `picks` of a row in order, and their columns: rows of at most `size` columns, a block each. Floor: x read
// once; but log²(size)/2 passes over shared memory take longer than that.
template <class T>
__device__ __forceinline__ void sort_rows(const T *x, T *values, int *indices, long columns, long picks, int size,
                                          typename order_key<T>::type *keys) {
  const T *row = x + blockIdx.x * columns;
  unsigned *places = sort_part(row, 0, columns, size, keys);
  for (long k = threadIdx.x; k < picks; k += blockDim.x) {
    values[blockIdx.x * picks + k] = row[places[k]];
    indices[blockIdx.x * picks + k] = static_cast<int>(places[k]);
  }
}
KERNEL(sort_rows_f32, const float *x, float *values, int *indices, long columns, long picks, int size) {
  DYNAMIC_SHARED(unsigned, keys);
  sort_rows(x, values, indices, columns, picks, size, keys);
}
KERNEL(sort_rows_f64, const double *x, double *values, int *indices, long columns, long picks, int size) {
  DYNAMIC_SHARED(unsigned long long, keys);
  sort_rows(x, values, indices, columns, picks, size, keys);
}

// Longer rows: each block sorts `size` columns of a row and keeps the first `length` of them, a run; then runs are
// merged two by two.
template <class T>
__device__ __forceinline__ void sort_runs(const T *x, typename order_key<T>::type *run_keys, unsigned *run_columns,
                                          long columns, long runs, long length, int size,
                                          typename order_key<T>::type *keys) {
  long row = blockIdx.x / runs, run = blockIdx.x % runs;
  unsigned *places = sort_part(x + row * columns, run * size, columns, size, keys);
  for (long k = threadIdx.x; k < length; k += blockDim.x) {
    run_keys[blockIdx.x * length + k] = keys[k];
    run_columns[blockIdx.x * length + k] = places[k];
  }
}
KERNEL(sort_runs_f32, const float *x, unsigned *run_keys, unsigned *run_columns, long columns, long runs, long length,
       int size) {
  DYNAMIC_SHARED(unsigned, keys);
  sort_runs(x, run_keys, run_columns, columns, runs, length, size, keys);
}
KERNEL(sort_runs_f64, const double *x, unsigned long long *run_keys, unsigned *run_columns, long columns, long runs,
       long length, int size) {
  DYNAMIC_SHARED(unsigned long long, keys);
  sort_runs(x, run_keys, run_columns, columns, runs, length, size, keys);
}

// Runs 2r and 2r + 1 of every row become its run r, of which the first `merged` are kept (at most twice `length`). A
// number's place is its place in its own run and as many as come before it in the other; a run without another is
// filled up with what comes last. Only a row's last run has such, so no two that are compared are alike.
template <class Key>
__device__ __forceinline__ void merge_runs(const Key *keys, const unsigned *columns, Key *merged_keys,
                                           unsigned *merged_columns, long rows, long runs, long length, long merged) {
  long merged_runs = (runs + 1) / 2;
  GRID_STRIDE(i, rows * runs * length) {
    long place = i % length, run = i / length % runs, row = i / length / runs, other = run ^ 1;
    Key key = keys[i];
    unsigned column = columns[i];
    long to = (row * merged_runs + run / 2) * merged;
    if (other < runs) {
      long begin = (row * runs + other) * length, low = 0, high = length;
      while (low < high) {
        long middle = (low + high) / 2;
        if (comes_before(keys[begin + middle], columns[begin + middle], key, column)) low = middle + 1;
        else high = middle;
      }
      place += low;
    } else if (length + place < merged) {
      merged_keys[to + length + place] = ~static_cast<Key>(0);
      merged_columns[to + length + place] = ~0u;
    }
    if (place < merged) {
      merged_keys[to + place] = key;
      merged_columns[to + place] = column;
    }
  }
}
KERNEL(merge_runs_f32, const unsigned *keys, const unsigned *columns, unsigned *merged_keys, unsigned *merged_columns,
       long rows, long runs, long length, long merged) {
  merge_runs(keys, columns, merged_keys, merged_columns, rows, runs, length, merged);
}
KERNEL(merge_runs_f64, const unsigned long long *keys, const unsigned *columns, unsigned long long *merged_keys,
       unsigned *merged_columns, long rows, long runs, long length, long merged) {
  merge_runs(keys, columns, merged_keys, merged_columns, rows, runs, length, merged);
}

// What the last run of every row says: the numbers at its columns, and these.
template <class T>
__device__ __forceinline__ void take_sorted(const T *x, const unsigned *run_columns, T *values, int *indices,
                                            long rows, long columns, long picks) {
  GRID_STRIDE(i, rows * picks) {
    values[i] = x[i / picks * columns + run_columns[i]];
    indices[i] = static_cast<int>(run_columns[i]);
  }
}
KERNEL(take_sorted_f32, const float *x, const unsigned *run_columns, float *values, int *indices, long rows,
       long columns, long picks) {
  take_sorted(x, run_columns, values, indices, rows, columns, picks);
}
KERNEL(take_sorted_f64, const double *x, const unsigned *run_columns, double *values, int *indices, long rows,
       long columns, long picks) {
  take_sorted(x, run_columns, values, indices, rows, columns, picks);
}

// The first number of every row in order, and its column: a warp has a row. Floor: x read once.
template <class T>
__device__ __forceinline__ void row_maxima(const T *x, T *values, int *indices, long rows, long columns) {
  typedef typename order_key<T>::type Key;
  lane_team team(rows, warp_size);
  const T *row = x + team.row * columns;
  Key key = ~static_cast<Key>(0);
  unsigned column = ~0u;
#pragma unroll 4
  for (long c = team.lane; c < (team.exists ? columns : 0); c += warp_size) {
    Key other = descending(row[c]);
    if (comes_before(other, static_cast<unsigned>(c), key, column)) key = other, column = static_cast<unsigned>(c);
  }
  for (int step = warp_size / 2; step > 0; step /= 2) {
    Key other = __shfl_xor_sync(0xffffffffu, key, step);
    unsigned other_column = __shfl_xor_sync(0xffffffffu, column, step);
    if (comes_before(other, other_column, key, column)) key = other, column = other_column;
  }
  if (!team.exists || team.lane != 0) return;
  values[team.row] = row[column];
  indices[team.row] = static_cast<int>(column);
}
KERNEL(row_maxima_f32, const float *x, float *values, int *indices, long rows, long columns) {
  row_maxima(x, values, indices, rows, columns);
}
KERNEL(row_maxima_f64, const double *x, double *values, int *indices, long rows, long columns) {
  row_maxima(x, values, indices, rows, columns);
}
