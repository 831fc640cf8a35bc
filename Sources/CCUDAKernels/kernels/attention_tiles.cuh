// Tiles of bfloat16 rows in shared memory, products of them on tensor cores, and what attention does to scores there.
//
// A tile is 64 rows of `width` numbers (32 or 64). A warp holds `strips` times 16 rows of a product in registers: of
// every 16×8 part, lane l has columns 2·(l % 4) and the next, of row l / 4 (elements 0, 1) and row l / 4 + 8 (2, 3).
#ifndef SGMN_ATTENTION_TILES
#define SGMN_ATTENTION_TILES
#include "common.cuh"

constexpr int tile_rows = 64;
constexpr int tile_parts = tile_rows / 8;
constexpr float log2_e = 1.44269504088896341f;

__device__ __forceinline__ float negative_infinity() { return __uint_as_float(0xff800000u); }

// Where 8 numbers of a tile begin, in elements. Pieces of 16 bytes change places within a line of 128 bytes, so that
// eight rows' pieces of one column lie in different banks: neither the copies nor the loads of matrices wait.
template <int width>
__device__ __forceinline__ int tile_place(int row, int piece) {
  return row * width + (piece ^ (width == 64 ? row & 7 : row >> 1 & 3)) * 8;
}

// `rows` rows, a multiple of 8, below a place and at piece p ^ `piece`, where p was its own. A lane works out one place
// a product; with constants here all others are that one, an exclusive or and an immediate offset.
template <int width>
__device__ __forceinline__ int tile_step(int place, int rows, int piece) {
  return (place ^ piece * 8) + rows * width;
}

// Queues copies of the rows from `rows` on, `stride` elements apart; rows from `count` on become zeros.
template <int width, int threads>
__device__ __forceinline__ void load_tile(bf16 *tile, const bf16 *rows, long stride, int count) {
  constexpr int pieces = width / 8, rows_at_once = threads / pieces;
  int row = threadIdx.x / pieces, piece = threadIdx.x % pieces;
  const bf16 *from = rows + row * stride + piece * 8;
  bf16 *to = tile + tile_place<width>(row, piece);
#pragma unroll
  for (int step = 0; step < tile_rows; step += rows_at_once) {
    copy_async_16(to + step * width, from, row + step < count);
    from += rows_at_once * stride;
  }
}

// c += a·bᵀ: rows `first`… of tile a with rows 0 ..< 8·parts of tile b.
template <int width, int strips, int parts>
__device__ __forceinline__ void multiply_rows(float (&c)[strips][parts][4], const bf16 *a, int first, const bf16 *b) {
  int lane = threadIdx.x % warp_size;
  int left_place = tile_place<width>(first + lane % 16, lane / 16), right_place = tile_place<width>(lane % 8, lane / 8);
#pragma unroll
  for (int piece = 0; piece < width / 8; piece += 4) {
    unsigned left[2][strips][4];
#pragma unroll
    for (int half = 0; half < 2; half++)
#pragma unroll
      for (int s = 0; s < strips; s++)
        load_matrices(left[half][s], a + tile_step<width>(left_place, 16 * s, piece + 2 * half));
#pragma unroll
    for (int n = 0; n < parts; n++) {
      unsigned right[4];
      load_matrices(right, b + tile_step<width>(right_place, 8 * n, piece));
#pragma unroll
      for (int half = 0; half < 2; half++)
#pragma unroll
        for (int s = 0; s < strips; s++) multiply_add(c[s][n], left[half][s], right[2 * half], right[2 * half + 1]);
    }
  }
}

// What 16 rows of tile b, at `row`, add to a product a·b: `left` are the fragments of their columns of a.
template <int width, int strips>
__device__ __forceinline__ void multiply_step(float (&c)[strips][width / 8][4], const unsigned (&left)[strips][4],
                                              const bf16 *b, int row) {
  int lane = threadIdx.x % warp_size, place = tile_place<width>(lane % 16, lane / 16);
#pragma unroll
  for (int n = 0; n < width / 8; n += 2) {
    unsigned right[4];
    load_matrices_transposed(right, b + tile_step<width>(place, row, n));
#pragma unroll
    for (int half = 0; half < 2; half++)
#pragma unroll
      for (int s = 0; s < strips; s++) multiply_add(c[s][n + half], left[s], right[2 * half], right[2 * half + 1]);
  }
}

// A 64-column matrix of the warp's rows in bfloat16, as left operand: [16 columns][strip].
template <int strips>
struct left_operand {
  unsigned words[tile_rows / 16][strips][4];
};

// The accumulators of a product, zeros behind its columns, as left operand: the layouts agree.
template <int strips, int parts>
__device__ __forceinline__ void round_product(left_operand<strips> &left, const float (&c)[strips][parts][4]) {
#pragma unroll
  for (int k = 0; k < tile_rows / 16; k++)
#pragma unroll
    for (int s = 0; s < strips; s++)
#pragma unroll
      for (int i = 0; i < 4; i++) {
        int n = 2 * k + i / 2, e = 2 * (i % 2);
        left.words[k][s][i] = n < parts ? pack_bf16(c[s][n < parts ? n : 0][e], c[s][n < parts ? n : 0][e + 1]) : 0u;
      }
}

// c += left·b
template <int width, int strips>
__device__ __forceinline__ void multiply(float (&c)[strips][width / 8][4], const left_operand<strips> &left,
                                         const bf16 *b) {
#pragma unroll
  for (int k = 0; k < tile_rows / 16; k++) multiply_step<width>(c, left.words[k], b, 16 * k);
}

// c += aᵀ·b: columns `first`… of the tile a of 64 columns, with all rows of b.
template <int width, int strips>
__device__ __forceinline__ void multiply_transposed(float (&c)[strips][width / 8][4], const bf16 *a, int first,
                                                    const bf16 *b) {
  int lane = threadIdx.x % warp_size;
  int place = tile_place<64>(lane % 8 + lane / 16 * 8, first / 8 ^ lane / 8 % 2);
#pragma unroll
  for (int k = 0; k < tile_rows / 16; k++) {
    unsigned left[strips][4];
#pragma unroll
    for (int s = 0; s < strips; s++) load_matrices_transposed(left[s], a + tile_step<64>(place, 16 * k, 2 * s));
    multiply_step<width>(c, left, b, 16 * k);
  }
}

// The left operand -> rows `first`… of a tile of 64 columns.
template <int strips>
__device__ __forceinline__ void store_tile(bf16 *tile, int first, const left_operand<strips> &left) {
  int lane = threadIdx.x % warp_size, place = tile_place<64>(first + lane / 4, 0) + lane % 4 * 2;
#pragma unroll
  for (int k = 0; k < tile_rows / 16; k++)
#pragma unroll
    for (int s = 0; s < strips; s++)
#pragma unroll
      for (int i = 0; i < 4; i++)
        *reinterpret_cast<unsigned *>(tile + tile_step<64>(place, 16 * s + 8 * (i % 2), 2 * k + i / 2)) =
            left.words[k][s][i];
}

// Rows `first`… of c in bfloat16 -> global memory, those below `count`. Neighbours exchange one word of two parts: then
// four lanes have 32 bytes of a row, a whole sector, without a way through shared memory.
template <int width, int strips>
__device__ __forceinline__ void store_rows(bf16 *rows, long stride, int count, int first,
                                           const float (&c)[strips][width / 8][4]) {
  int lane = threadIdx.x % warp_size, row = first + lane / 4;
  bool odd = lane % 2;
  bf16 *to = rows + row * stride + (odd ? 8 : 0) + lane % 4 / 2 * 4;
#pragma unroll
  for (int s = 0; s < strips; s++)
#pragma unroll
    for (int half = 0; half < 2; half++) {
#pragma unroll
      for (int n = 0; n < width / 8; n += 2) {
        unsigned even_part = pack_bf16(c[s][n][2 * half], c[s][n][2 * half + 1]);
        unsigned odd_part = pack_bf16(c[s][n + 1][2 * half], c[s][n + 1][2 * half + 1]);
        unsigned got = __shfl_xor_sync(0xffffffffu, odd ? even_part : odd_part, 1);
        if (row + 16 * s + 8 * half < count)
          *reinterpret_cast<uint2 *>(to + n * 8) = make_uint2(odd ? got : even_part, odd ? odd_part : got);
      }
      to += 8 * stride;
    }
}

// Over the four lanes that share a row, in all of them.
__device__ __forceinline__ float row_sum(float x) {
  x += __shfl_xor_sync(0xffffffffu, x, 1);
  return x + __shfl_xor_sync(0xffffffffu, x, 2);
}
__device__ __forceinline__ float row_maximum(float x) {
  x = fmaxf(x, __shfl_xor_sync(0xffffffffu, x, 1));
  return fmaxf(x, __shfl_xor_sync(0xffffffffu, x, 2));
}

template <int strips, int parts>
__device__ __forceinline__ void set_zero(float (&c)[strips][parts][4]) {
#pragma unroll
  for (int s = 0; s < strips; s++)
#pragma unroll
    for (int n = 0; n < parts; n++)
#pragma unroll
      for (int e = 0; e < 4; e++) c[s][n][e] = 0.f;
}

// x = log₂e·(scale·x + bias), whose powers of two are the exponentials; −inf for keys that there are not. `scale` has
// the factor log₂e. The warp's first row and column are a query with `queries` up to the last and a key with `keys`;
// bias[r·bias_row + c] belongs to row r and column c, where bias is not null.
template <int strips, int parts>
__device__ __forceinline__ void scale_scores(float (&c)[strips][parts][4], float scale, const float *bias,
                                             long bias_row, int queries, int keys) {
  int row = threadIdx.x % warp_size / 4, column = threadIdx.x % 4 * 2;
#pragma unroll
  for (int s = 0; s < strips; s++)
#pragma unroll
    for (int n = 0; n < parts; n++)
#pragma unroll
      for (int e = 0; e < 4; e++) c[s][n][e] = column + 8 * n + e % 2 < keys ? c[s][n][e] * scale : negative_infinity();
  if (!bias) return;
#pragma unroll
  for (int s = 0; s < strips; s++)
#pragma unroll
    for (int half = 0; half < 2; half++) {
      int query = row + 16 * s + 8 * half;
      if (query >= queries) continue;
      const float *own = bias + query * bias_row + column;
#pragma unroll
      for (int n = 0; n < parts; n++)
#pragma unroll
        for (int e = 0; e < 2; e++)
          if (column + 8 * n + e < keys) c[s][n][2 * half + e] += log2_e * own[8 * n + e];
    }
}

// What is left of `count` from `first` on, as far as a tile cares.
__device__ __forceinline__ int rows_left(long count, long first) {
  long left = count - first;
  return left < tile_rows ? static_cast<int>(left) : tile_rows;
}

// One head of one item: number `index` of all, heads before items.
struct head_place {
  unsigned item, head;

  __device__ __forceinline__ head_place(unsigned index, long heads)
      : item(index / static_cast<unsigned>(heads)), head(index % static_cast<unsigned>(heads)) {}

  // Its row `row`, where an item has `count`.
  template <class T>
  __device__ __forceinline__ T *rows(T *all, long stride, long count, long row, int width) const {
    return all + (item * count + row) * stride + head * width;
  }
};

#endif
