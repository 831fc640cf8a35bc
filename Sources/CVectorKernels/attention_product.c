// The one product of the attention kernels: small matrices that stay in the first two caches.
#include "attention_product.h"
#include "attention_lanes.h"

enum { TILE_ROWS = 6, TILE_VECTORS = PANEL / LANES };

// A tile of c in registers: 24 sums, 4 vectors of b and one number of a are 29 of AVX-512's 32.
VK_INLINE void tile(const float *a, long a_stride, int transposed, const float *b, long b_stride, float *c,
                    long c_stride, long inner, int accumulate, const int rows, const int vectors) {
  lanes sum[TILE_ROWS][TILE_VECTORS];
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < vectors; j++)
      sum[i][j] = accumulate ? lanes_load(c + i * c_stride + j * LANES) : (lanes)0.0f;
  for (long k = 0; k < inner; k++) {
    lanes right[TILE_VECTORS];
#pragma clang loop unroll(full)
    for (int j = 0; j < vectors; j++) right[j] = lanes_load(b + k * b_stride + j * LANES);
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
      lanes left = transposed ? a[k * a_stride + i] : a[i * a_stride + k];
#pragma clang loop unroll(full)
      for (int j = 0; j < vectors; j++) sum[i][j] += left * right[j];
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < vectors; j++) lanes_store(c + i * c_stride + j * LANES, sum[i][j]);
}

VK_INLINE void panel(const float *a, long a_stride, int transposed, const float *b, long b_stride, float *c,
                     long c_stride, long rows, long inner, int accumulate, const int vectors) {
  // Tiles of like heights: 50 rows are five tiles of 6 and four of 5, not eight of 6 and one of 2.
  long tiles = (rows + TILE_ROWS - 1) / TILE_ROWS;
  for (long t = 0; t < tiles; t++) {
    long first = rows * t / tiles, height = rows * (t + 1) / tiles - first;
    const float *from = transposed ? a + first : a + first * a_stride;
    float *to = c + first * c_stride;
#define TILE(n) \
  case n: tile(from, a_stride, transposed, b, b_stride, to, c_stride, inner, accumulate, n, vectors); break;
    switch (height) { TILE(6) TILE(5) TILE(4) TILE(3) TILE(2) TILE(1) }
#undef TILE
  }
}

// Whether 32 registers hold a tile of 64 columns; else (16 registers of AVX2, 32 of NEON) one of 16 columns fits.
VK_INLINE int wide_tiles(void) {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512f");
#else
  return 0;
#endif
}

#define PANEL_OF(first, vectors)                                                                                       \
  panel(a, a_stride, transposed, part + (first), part_stride, c + column + (first), c_stride, rows, inner, accumulate, \
        vectors)
#define PRODUCT(transposed_)                                                           \
  enum { transposed = transposed_ };                                                   \
  int wide = wide_tiles();                                                             \
  for (long column = 0; column < columns; column += PANEL) {                           \
    long width = columns - column < PANEL ? columns - column : PANEL;                  \
    const float *part = panel_stride ? b + column / PANEL * panel_stride : b + column; \
    long part_stride = panel_stride ? width : b_stride;                                \
    if (wide && width == PANEL) PANEL_OF(0, 4);                                        \
    else if (wide && width == 3 * LANES) PANEL_OF(0, 3);                               \
    else if (wide && width == 2 * LANES) PANEL_OF(0, 2);                               \
    else                                                                               \
      for (long first = 0; first < width; first += LANES) PANEL_OF(first, 1);          \
  }

VK_CLONES void vk_attention_product(const float *a, long a_stride, const float *b, long b_stride, long panel_stride,
                                    float *c, long c_stride, long rows, long columns, long inner, int accumulate) {
  PRODUCT(0)
}
VK_CLONES void vk_attention_product_transposed(const float *a, long a_stride, const float *b, long b_stride,
                                               long panel_stride, float *c, long c_stride, long rows, long columns,
                                               long inner, int accumulate) {
  PRODUCT(1)
}
