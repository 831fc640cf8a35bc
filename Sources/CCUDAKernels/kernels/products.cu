// Products that cuBLASLt does not compute, and what surrounds products: transposes, repeated rows, biases.
#include "common.cuh"

// Element (row, column) of a matrix lies at row·row_stride + column·column_stride. One of the strides is 1; a transposed
// operand is the same memory with the strides exchanged.
struct matrix_strides {
  long row, column;
};

constexpr int product_threads = 256;
// Rows and columns of c that a block computes, and how much of the inner axis it holds at once; every thread has 4 × 4
// elements, 16 apart so that a warp reads a row of a tile without bank conflicts.
constexpr int tile = 64;
constexpr int depth = 16;
constexpr int share = 4;
constexpr int spread = tile / share;
// Four elements more: 16 threads that go down a column of a tile spread over the banks.
constexpr int tile_row = tile + 4;

// One thread's part in filling tiles of an operand: tile_memory[k][i] = element (first + i, k0 + k), zero outside.
// Neighbouring threads read neighbouring addresses, whichever axis those lie along.
template <class T>
struct tile_loader {
  static constexpr int steps = tile * depth / product_threads;
  const T *from;
  long step_stride, depth_stride;
  long rows_left;
  int i, k, i_step, k_step;

  __device__ __forceinline__ tile_loader(const T *matrix, matrix_strides strides, long first, long count) {
    bool along_inner = strides.column == 1;
    int thread = threadIdx.x;
    i = along_inner ? thread / depth : thread % tile;
    k = along_inner ? thread % depth : thread / tile;
    i_step = along_inner ? product_threads / depth : 0;
    k_step = along_inner ? 0 : product_threads / tile;
    from = matrix + (first + i) * strides.row + k * strides.column;
    step_stride = i_step * strides.row + k_step * strides.column;
    depth_stride = depth * strides.column;
    rows_left = count - first;
  }

  // The next `depth` numbers of the inner axis, of which `inner_left` are there.
  template <class W>
  __device__ __forceinline__ void load(W (&tile_memory)[depth][tile_row], long inner_left) {
#pragma unroll
    for (int step = 0; step < steps; step++) {
      int row = i + step * i_step, column = k + step * k_step;
      W value = 0;
      if (row < rows_left && column < inner_left) value = widen(from[step * step_stride]);
      tile_memory[column][row] = value;
    }
    from += depth_stride;
  }
};

// c = a·b (+ bias, one number a column), or c += a·b: every number the sum over k in ascending order. Blocks are counted
// along columns, then rows, then the batch. `b` is read as its transpose is: element (column, k).
//
// A plain tiled product on the ordinary cores: float32 reaches about a third of their rate, bfloat16 no more, far from
// the tensor cores'. It is what is left where the library refuses; floor 2·rows·columns·inner / 67 TFLOP/s.
template <class T, class R, class B>
__device__ __forceinline__ void product(const T *a, const T *b, R *c, const B *bias, long rows, long columns,
                                        long inner, matrix_strides a_strides, matrix_strides b_strides, long c_row, long a_batch,
                                        long b_batch, long c_batch, int accumulate) {
  typedef typename wide<T>::type W;
  __shared__ W a_tile[depth][tile_row];
  __shared__ W b_tile[depth][tile_row];
  long column_blocks = (columns + tile - 1) / tile, row_blocks = (rows + tile - 1) / tile;
  long block = blockIdx.x;
  long first_column = block % column_blocks * tile;
  block /= column_blocks;
  long first_row = block % row_blocks * tile;
  long item = block / row_blocks;
  int row = static_cast<int>(threadIdx.x) / spread, column = static_cast<int>(threadIdx.x) % spread;
  W sum[share][share];
#pragma unroll
  for (int i = 0; i < share; i++)
#pragma unroll
    for (int j = 0; j < share; j++) sum[i][j] = 0;
  tile_loader<T> a_loader(a + item * a_batch, a_strides, first_row, rows);
  tile_loader<T> b_loader(b + item * b_batch, b_strides, first_column, columns);
  for (long inner_left = inner; inner_left > 0; inner_left -= depth) {
    a_loader.load(a_tile, inner_left);
    b_loader.load(b_tile, inner_left);
    __syncthreads();
#pragma unroll 4
    for (int k = 0; k < depth; k++) {
      W left[share], right[share];
#pragma unroll
      for (int i = 0; i < share; i++) left[i] = a_tile[k][row + i * spread];
#pragma unroll
      for (int j = 0; j < share; j++) right[j] = b_tile[k][column + j * spread];
#pragma unroll
      for (int i = 0; i < share; i++)
#pragma unroll
        for (int j = 0; j < share; j++) sum[i][j] += left[i] * right[j];
    }
    __syncthreads();
  }
#pragma unroll
  for (int i = 0; i < share; i++) {
    long r = first_row + row + i * spread;
#pragma unroll
    for (int j = 0; j < share; j++) {
      long n = first_column + column + j * spread;
      if (r >= rows || n >= columns) continue;
      R *to = c + item * c_batch + r * c_row + n;
      W value = sum[i][j];
      if (bias) value += widen(bias[n]);
      if (accumulate) value += widen(*to);
      *to = narrow<R>(value);
    }
  }
}

#define PRODUCT_KERNEL(suffix, T, R, B) \
  KERNEL_BOUNDED(product_any_##suffix, product_threads, 2, const T *a, const T *b, R *c, const B *bias, long rows, \
                 long columns, long inner, long a_row, long a_column, long b_row, long b_column, long c_row, \
                 long a_batch, long b_batch, long c_batch, int accumulate) { \
    product<T, R, B>(a, b, c, bias, rows, columns, inner, matrix_strides{a_row, a_column}, \
                     matrix_strides{b_column, b_row}, c_row, a_batch, b_batch, c_batch, accumulate); \
  }
PRODUCT_KERNEL(f32, float, float, float)
PRODUCT_KERNEL(f64, double, double, double)
PRODUCT_KERNEL(bf16, bf16, bf16, float)
PRODUCT_KERNEL(bf16_f32, bf16, float, float)

// A bias in the format of a bfloat16 result, as the library wants it. 6 bytes a column: nothing but the launch counts.
KERNEL(product_bias_bf16, const float *bias, bf16 *result, long count) {
  GRID_STRIDE(i, count) result[i] = narrow<bf16>(bias[i]);
}

// As many elements as 16 bytes hold, moved by one instruction.
template <class T>
struct __align__(16) pack {
  static constexpr int count = 16 / sizeof(T);
  T elements[count];
};
__device__ __forceinline__ bool is_aligned_16(const void *p) {
  return (reinterpret_cast<unsigned long>(p) & 15) == 0;
}

// 16 bytes of elements that did not come from memory together. Said by CUDA's functions for it: of the store of a
// structure that was filled one by one the compiler makes as many as there are elements.
__device__ __forceinline__ void store_pack(float *to, const float (&x)[4]) {
  __stcg(reinterpret_cast<uint4 *>(to), make_uint4(__float_as_uint(x[0]), __float_as_uint(x[1]),
                                                   __float_as_uint(x[2]), __float_as_uint(x[3])));
}
__device__ __forceinline__ void store_pack(double *to, const double (&x)[2]) {
  __stcg(reinterpret_cast<double2 *>(to), make_double2(x[0], x[1]));
}
__device__ __forceinline__ void store_pack(bf16 *to, const bf16 (&x)[8]) {
  unsigned words[4];
#pragma unroll
  for (int i = 0; i < 4; i++) words[i] = x[2 * i].bits | static_cast<unsigned>(x[2 * i + 1].bits) << 16;
  __stcg(reinterpret_cast<uint4 *>(to), make_uint4(words[0], words[1], words[2], words[3]));
}

constexpr int transpose_threads = 256;

// result (batch, columns, rows) = x (batch, rows, columns) with the last axes exchanged, by squares of 64 × 64 through
// shared memory: both sides move whole lines, in 16 bytes where lengths and addresses allow it. Floor: 2·s bytes an
// element of s bytes.
template <class T>
__device__ __forceinline__ void transpose(const T *x, T *result, long rows, long columns) {
  constexpr int count = pack<T>::count;
  // One more element: a column of the square lies in different banks.
  __shared__ T square[tile][tile + 1];
  long column_blocks = (columns + tile - 1) / tile, row_blocks = (rows + tile - 1) / tile;
  long block = blockIdx.x;
  long first_column = block % column_blocks * tile;
  block /= column_blocks;
  long first_row = block % row_blocks * tile;
  long item = block / row_blocks;
  x += item * rows * columns;
  result += item * rows * columns;
  bool in_packs = rows % count == 0 && columns % count == 0 && is_aligned_16(x) && is_aligned_16(result);
  int thread = threadIdx.x;
  if (in_packs) {
    constexpr int packs = tile / count;
    for (int i = thread; i < tile * packs; i += transpose_threads) {
      int r = i / packs, n = i % packs * count;
      if (first_row + r >= rows || first_column + n >= columns) continue;
      pack<T> p = *reinterpret_cast<const pack<T> *>(x + (first_row + r) * columns + first_column + n);
#pragma unroll
      for (int j = 0; j < count; j++) square[r][n + j] = p.elements[j];
    }
    __syncthreads();
    for (int i = thread; i < tile * packs; i += transpose_threads) {
      int n = i / packs, r = i % packs * count;
      if (first_row + r >= rows || first_column + n >= columns) continue;
      T column[count];
#pragma unroll
      for (int j = 0; j < count; j++) column[j] = square[r + j][n];
      store_pack(result + (first_column + n) * rows + first_row + r, column);
    }
    return;
  }
  for (int i = thread; i < tile * tile; i += transpose_threads) {
    int r = i / tile, n = i % tile;
    if (first_row + r < rows && first_column + n < columns)
      square[r][n] = x[(first_row + r) * columns + first_column + n];
  }
  __syncthreads();
  for (int i = thread; i < tile * tile; i += transpose_threads) {
    int n = i / tile, r = i % tile;
    if (first_row + r < rows && first_column + n < columns)
      result[(first_column + n) * rows + first_row + r] = square[r][n];
  }
}

KERNEL_BOUNDED(transpose_f32, transpose_threads, 4, const float *x, float *result, long rows, long columns) {
  transpose(x, result, rows, columns);
}
KERNEL_BOUNDED(transpose_f64, transpose_threads, 4, const double *x, double *result, long rows, long columns) {
  transpose(x, result, rows, columns);
}
KERNEL_BOUNDED(transpose_bf16, transpose_threads, 4, const bf16 *x, bf16 *result, long rows, long columns) {
  transpose(x, result, rows, columns);
}

// Every row of `result` = b, in elements or packs. A thread keeps one number of b and writes it down a column; a block
// has `width` neighbouring columns and as many rows at once as its threads allow. Blocks that are left over go idle.
template <class V>
__device__ __forceinline__ void repeat(const V *b, V *result, long rows, long columns) {
  int width = columns < static_cast<long>(blockDim.x) ? static_cast<int>(columns) : static_cast<int>(blockDim.x);
  int rows_at_once = static_cast<int>(blockDim.x) / width;
  int lane = static_cast<int>(threadIdx.x) % width, first = static_cast<int>(threadIdx.x) / width;
  long groups = (columns + width - 1) / width, blocks = gridDim.x;
  long row_blocks = blocks > groups ? blocks / groups : 1, group_blocks = blocks / row_blocks;
  long row_block = blockIdx.x % row_blocks, group_block = blockIdx.x / row_blocks;
  if (first >= rows_at_once || group_block >= group_blocks) return;
  for (long group = group_block; group < groups; group += group_blocks) {
    long column = group * width + lane;
    if (column >= columns) return;
    V value = b[column];
    for (long r = row_block * rows_at_once + first; r < rows; r += row_blocks * rows_at_once)
      result[r * columns + column] = value;
  }
}

// Every row of result (rows, columns) = b. Floor: the bytes of the result.
template <class T>
__device__ __forceinline__ void repeat_row(const T *b, T *result, long rows, long columns) {
  constexpr int count = pack<T>::count;
  if (columns % count == 0 && is_aligned_16(b) && is_aligned_16(result))
    repeat(reinterpret_cast<const pack<T> *>(b), reinterpret_cast<pack<T> *>(result), rows, columns / count);
  else
    repeat(b, result, rows, columns);
}

KERNEL(repeat_row_f32, const float *b, float *result, long rows, long columns) { repeat_row(b, result, rows, columns); }
KERNEL(repeat_row_f64, const double *b, double *result, long rows, long columns) {
  repeat_row(b, result, rows, columns);
}
KERNEL(repeat_row_bf16, const bf16 *b, bf16 *result, long rows, long columns) { repeat_row(b, result, rows, columns); }
