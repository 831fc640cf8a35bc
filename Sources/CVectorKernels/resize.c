#include "generic.h"

// Both passes of a resize are weighted sums of neighbouring rows, taken for 64 columns at a time. The pass across
// turns blocks of 64 rows on their side first, so that a column lies as a row; that also parts the channels.

enum { LANES = 64, TILE = 16, PRECISION = 22 };

typedef uint8_t bytes16 __attribute__((vector_size(16)));
typedef uint8_t loose_bytes16 __attribute__((vector_size(16), aligned(1)));
typedef int32_t words16 __attribute__((vector_size(64)));

VK_INLINE long rounded_up(long n, long to) { return (n + to - 1) / to * to; }

// y[j] = byte(Σₖ weights[k]·x[k·stride + j]), j < 64
VK_INLINE void weighted_rows(const uint8_t *x, long stride, const int32_t *weights, long taps, uint8_t *y) {
  words16 sums[LANES / 16];
#pragma clang loop unroll(full)
  for (int part = 0; part < LANES / 16; part++) sums[part] = (words16){0} + (1 << (PRECISION - 1));
  for (long k = 0; k < taps; k++) {
    const uint8_t *row = x + k * stride;
#pragma clang loop unroll(full)
    for (int part = 0; part < LANES / 16; part++) {
      bytes16 bytes = *(const loose_bytes16 *)(row + 16 * part);
      sums[part] += __builtin_convertvector(bytes, words16) * weights[k];
    }
  }
#pragma clang loop unroll(full)
  for (int part = 0; part < LANES / 16; part++) {
    words16 level = sums[part] >> PRECISION;
    level = __builtin_elementwise_max(level, (words16){0});
    level = __builtin_elementwise_min(level, (words16){0} + 255);
    *(loose_bytes16 *)(y + 16 * part) = __builtin_convertvector(level, bytes16);
  }
}

// y[j·y_stride + i] = x(i)[j], i, j < 16. Rows from `last` on are read as row `last`.
VK_INLINE void turn_tile(const uint8_t *x, long stride, long last, uint8_t *y, long y_stride) {
  bytes16 rows[TILE];
#pragma clang loop unroll(full)
  for (int i = 0; i < TILE; i++) rows[i] = *(const loose_bytes16 *)(x + (i < last ? i : last) * stride);
#pragma clang loop unroll(full)
  for (int round = 0; round < 4; round++) {
    bytes16 next[TILE];
#pragma clang loop unroll(full)
    for (int i = 0; i < TILE / 2; i++) {
      next[2 * i] = __builtin_shufflevector(rows[i], rows[i + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      next[2 * i + 1] =
          __builtin_shufflevector(rows[i], rows[i + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < TILE; i++) rows[i] = next[i];
  }
#pragma clang loop unroll(full)
  for (int j = 0; j < TILE; j++) *(loose_bytes16 *)(y + j * y_stride) = rows[j];
}

// y[byte][row] of up to 64 rows of `width` bytes.
VK_INLINE void turn_block(const uint8_t *x, long stride, long rows, long width, uint8_t *y) {
  for (long row = 0; row < rows; row += TILE) {
    const uint8_t *line = x + row * stride;
    if (width < TILE) {
      for (long i = row; i < row + TILE && i < rows; i++)
        for (long j = 0; j < width; j++) y[j * LANES + i] = x[i * stride + j];
      continue;
    }
    for (long j = 0; j < width; j += TILE) {
      long at = j + TILE <= width ? j : width - TILE;  // the last tile overlaps the one before
      turn_tile(line + at, stride, rows - 1 - row, y + at * LANES + row, LANES);
    }
  }
}

long vk_resize_scratch(long columns, long channels, long outputs) {
  return LANES * (columns * channels + rounded_up(outputs, TILE));
}

VK_CLONES void vk_resize_across(const uint8_t *x, long stride, long rows, long columns, long channels,
                                const int32_t *starts, const int32_t *weights, long taps, long outputs, uint8_t *y,
                                long y_stride, long plane, uint8_t *scratch) {
  uint8_t *turned = scratch, *sums = scratch + LANES * columns * channels;
  for (long block = 0; block < rows; block += LANES) {
    long count = rows - block < LANES ? rows - block : LANES;
    turn_block(x + block * stride, stride, count, columns * channels, turned);
    for (long channel = 0; channel < channels; channel++) {
      for (long i = 0; i < outputs; i++)
        weighted_rows(turned + (starts[i] * channels + channel) * LANES, channels * LANES, weights + i * taps, taps,
                      sums + i * LANES);
      uint8_t *to = y + channel * plane + block * y_stride;
      for (long row = 0; row < count; row += TILE)
        for (long i = 0; i < outputs; i += TILE)
          turn_tile(sums + i * LANES + row, LANES, TILE, to + row * y_stride + i, y_stride);
    }
  }
}

VK_CLONES void vk_resize_down(const uint8_t *x, long stride, const int32_t *starts, const int32_t *weights, long taps,
                              long outputs, uint8_t *y, long width) {
  for (long i = 0; i < outputs; i++) {
    const uint8_t *from = x + starts[i] * stride;
    uint8_t *to = y + i * width;
    long j = 0;
    for (; j + LANES <= width; j += LANES) weighted_rows(from + j, stride, weights + i * taps, taps, to + j);
    if (j < width) {
      uint8_t rest[LANES];
      weighted_rows(from + j, stride, weights + i * taps, taps, rest);
      memcpy(to + j, rest, (size_t)(width - j));
    }
  }
}

VK_CLONES void vk_scale_levels(const uint8_t *x, int32_t scale, int32_t offset, uint8_t *y, long n) {
  for (long i = 0; i < n; i++) {
    int32_t level = (x[i] * scale + offset) >> 16;
    level = level < 0 ? 0 : level;
    y[i] = (uint8_t)(level > 255 ? 255 : level);
  }
}
