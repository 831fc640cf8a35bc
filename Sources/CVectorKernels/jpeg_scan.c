#include "generic.h"

// The one scan of a baseline 4:2:0 JPEG to planes, bit for bit what libjpeg-turbo's accurate transform gives, in
// little more than half of its time. Only whole and regular data: anything else is refused, and the caller asks libjpeg-turbo.

enum { LOOK = VK_JPEG_LOOK, END_OF_BLOCK = 128, PADDING = VK_JPEG_PADDING };

typedef int32_t words16 __attribute__((vector_size(64)));
typedef int16_t halves16 __attribute__((vector_size(32)));
typedef uint8_t bytes16 __attribute__((vector_size(16)));

// ---- Huffman tables

// An entry of `look` for the next LOOK bits: bits used in 0 … 7, coefficients passed in 8 … 15, value above. Bits used
// of 0: the value needs more bits than LOOK; then the code's length is above and its symbol in 8 … 15, both 0 where the
// code itself is longer.
int vk_jpeg_huffman(const uint8_t *counts, const uint8_t *symbols, int is_dc, vk_jpeg_codes *codes) {
  memset(codes, 0, sizeof *codes);
  uint32_t code = 0, index = 0;
  for (int length = 1; length <= 16; length++, code <<= 1) {
    codes->first[length] = (int32_t)index - (int32_t)code;
    for (int i = 0; i < counts[length - 1]; i++, code++, index++) {
      if (index > 255 || code >= 1u << length) return -1;
      int symbol = symbols[index], size = symbol & 15, run = symbol >> 4;
      if (is_dc ? symbol > 11 : size > 10) return -1;
      int is_end = !is_dc && size == 0 && run != 15;
      if (is_end && run != 0) return -1;  // runs of whole blocks belong to progressive files
      codes->symbols[index] = (uint8_t)symbol;
      if (length > LOOK) continue;
      uint32_t passed = is_end ? END_OF_BLOCK : (uint32_t)run + 1;
      for (uint32_t rest = 0; rest < 1u << (LOOK - length); rest++) {
        uint32_t entry;
        if (length + size > LOOK) {
          entry = (uint32_t)length << 16 | (uint32_t)symbol << 8;
        } else {
          int32_t value = (int32_t)(rest >> (LOOK - length - size));
          if (size > 0 && value < 1 << (size - 1)) value -= (1 << size) - 1;
          entry = (uint32_t)value << 16 | passed << 8 | (uint32_t)(length + size);
        }
        codes->look[code << (LOOK - length) | rest] = entry;
      }
    }
    codes->limit[length] = (uint64_t)code << (64 - length);
    if (code == 1u << length) codes->limit[length] = UINT64_MAX;  // all ones: no code starts so in libjpeg's files
  }
  return 0;
}

// ---- bits

// `bits` holds the next bits from the top down, `count` of them valid.
typedef struct {
  const uint8_t *next;
  uint64_t bits;
  int count;
} reader;

// To 56 bits or more: enough for three entries of `look`, and a code of 16 bits with a value of 10.
_Static_assert(3 * LOOK + 16 + 10 <= 56, "a refill must last for four coefficients");
VK_INLINE void refill(reader *r) {
  uint64_t word;
  memcpy(&word, r->next, 8);
  r->bits |= __builtin_bswap64(word) >> r->count;
  r->next += (63 - r->count) >> 3;
  r->count |= 56;
}

VK_INLINE void drop(reader *r, int n) {
  r->bits <<= n;
  r->count -= n;
}

// What `look` has no value for: the symbol (its bits dropped) or -1.
VK_INLINE int slow_symbol(reader *r, const vk_jpeg_codes *codes, uint32_t entry) {
  if (entry != 0) {
    drop(r, (int)(entry >> 16));
    return entry >> 8 & 255;
  }
  for (int length = LOOK + 1; length <= 16; length++)
    if (r->bits < codes->limit[length]) {
      int symbol = codes->symbols[((int32_t)(r->bits >> (64 - length)) + codes->first[length]) & 255];
      drop(r, length);
      return symbol;
    }
  return -1;
}

VK_INLINE int32_t value_bits(reader *r, int size) {
  if (size == 0) return 0;
  int32_t value = (int32_t)(r->bits >> (64 - size));
  drop(r, size);
  return value < 1 << (size - 1) ? value - (1 << size) + 1 : value;
}

// ---- blocks

// Where coefficient k goes in two blocks side by side (row · 16 + column); all beyond the last go to a spare place.
static const uint8_t places[END_OF_BLOCK + 64] = {
    0,  1,  16, 32, 17, 2,   3,   18, 33, 48, 64, 49,  34,  19,  4,   5,  20, 35, 50,  65,  80,  96,
    81, 66, 51, 36, 21, 6,   7,   22, 37, 52, 67, 82,  97,  112, 113, 98, 83, 68, 53,  38,  23,  39,
    54, 69, 84, 99, 114, 115, 100, 85, 70, 55, 71, 86,  101, 116, 117, 102, 87, 103, 118, 119,
    [64 ... END_OF_BLOCK + 63] = 128,
};

// Reads one block; `block` is clear. 0, or -1 where the data is not regular.
VK_INLINE int read_block(reader *r, const vk_jpeg_codes *dc, const vk_jpeg_codes *ac, const int16_t *quantisers,
                         int32_t *mean, int16_t *block) {
  refill(r);
  uint32_t entry = dc->look[r->bits >> (64 - LOOK)];
  if (entry & 255) {
    drop(r, (int)(entry & 255));
    *mean += (int32_t)entry >> 16;
  } else {
    int size = slow_symbol(r, dc, entry);
    if (size < 0) return -1;
    *mean += value_bits(r, size);
  }
  if (*mean < INT16_MIN || *mean > INT16_MAX) return -1;
  block[0] = (int16_t)(*mean * quantisers[0]);
  int k = 1;
  while (k < 64) {
    refill(r);
    for (int i = 0; i < 4 && k < 64; i++) {
      entry = ac->look[r->bits >> (64 - LOOK)];
      if (__builtin_expect((entry & 255) != 0, 1)) {
        drop(r, (int)(entry & 255));
        k += (int)(entry >> 8 & 255);
        block[places[k - 1]] = (int16_t)(((int32_t)entry >> 16) * quantisers[k - 1]);
        continue;
      }
      int symbol = slow_symbol(r, ac, entry);
      if (symbol < 0) return -1;
      k += symbol == 0 ? END_OF_BLOCK : (symbol >> 4) + 1;
      block[places[k - 1]] = (int16_t)(value_bits(r, symbol & 15) * quantisers[k - 1]);
      break;
    }
  }
  return k > 64 && k < END_OF_BLOCK ? -1 : 0;  // a run beyond the block
}

// Turns both halves of eight vectors on their side.
VK_INLINE void turn_words(words16 *v) {
#pragma clang loop unroll(full)
  for (int round = 0; round < 3; round++) {
    words16 next[8];
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; i++) {
      next[2 * i] = __builtin_shufflevector(v[i], v[i + 4], 0, 16, 1, 17, 2, 18, 3, 19, 8, 24, 9, 25, 10, 26, 11, 27);
      next[2 * i + 1] =
          __builtin_shufflevector(v[i], v[i + 4], 4, 20, 5, 21, 6, 22, 7, 23, 12, 28, 13, 29, 14, 30, 15, 31);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < 8; i++) v[i] = next[i];
  }
}

// One pass of the inverse transform of Loeffler, Ligtenberg and Moschytz in libjpeg's integers (its jidctint.c).
VK_INLINE void transform(words16 *v, int shift) {
  words16 z1 = (v[2] + v[6]) * 4433;
  words16 t2 = z1 - v[6] * 15137, t3 = z1 + v[2] * 6270;
  words16 t0 = (v[0] + v[4]) << 13, t1 = (v[0] - v[4]) << 13;
  words16 half = (words16){0} + (1 << (shift - 1));
  words16 e0 = t0 + t3 + half, e3 = t0 - t3 + half, e1 = t1 + t2 + half, e2 = t1 - t2 + half;
  words16 z3 = v[7] + v[3], z4 = v[5] + v[1], z5 = (z3 + z4) * 9633;
  words16 z2 = (v[5] + v[3]) * -20995;
  z1 = (v[7] + v[1]) * -7373;
  z3 = z3 * -16069 + z5;
  z4 = z4 * -3196 + z5;
  words16 o0 = v[7] * 2446 + z1 + z3, o1 = v[5] * 16819 + z2 + z4;
  words16 o2 = v[3] * 25172 + z2 + z3, o3 = v[1] * 12299 + z1 + z4;
  v[0] = (e0 + o3) >> shift;
  v[7] = (e0 - o3) >> shift;
  v[1] = (e1 + o2) >> shift;
  v[6] = (e1 - o2) >> shift;
  v[2] = (e2 + o1) >> shift;
  v[5] = (e2 - o1) >> shift;
  v[3] = (e3 + o0) >> shift;
  v[4] = (e3 - o0) >> shift;
}

// Two blocks side by side to pixels. -1 where a number is too wide for the 16 bits that libjpeg-turbo adds in: what it
// makes of such a block, which is of no picture, differs from processor to processor.
VK_INLINE int write_blocks(const int16_t *blocks, uint8_t *left, uint8_t *right, long stride) {
  enum { WIDE = 1 << 14 };  // the sum of two that are narrower has 16 bits
  words16 v[8], bits = {0};
  halves16 half_bits = {0};
#pragma clang loop unroll(full)
  for (int i = 0; i < 8; i++) {
    halves16 row = *(const halves16 *)(blocks + 16 * i);
    half_bits |= row ^ (row >> 15);
    v[i] = __builtin_convertvector(row, words16);
  }
  transform(v, 11);
#pragma clang loop unroll(full)
  for (int i = 0; i < 8; i++) bits |= v[i] ^ (v[i] >> 31);
  if (__builtin_reduce_or(half_bits) >= WIDE || __builtin_reduce_or(bits) >= WIDE) return -1;
  turn_words(v);
  transform(v, 18);
  bytes16 b[8];
#pragma clang loop unroll(full)
  for (int i = 0; i < 8; i++) {
    words16 level = __builtin_elementwise_max(v[i] + 128, (words16){0});
    b[i] = __builtin_convertvector(__builtin_elementwise_min(level, (words16){0} + 255), bytes16);
  }
#pragma clang loop unroll(full)
  for (int round = 0; round < 3; round++) {
    bytes16 next[8];
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; i++) {
      next[2 * i] = __builtin_shufflevector(b[i], b[i + 4], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      next[2 * i + 1] =
          __builtin_shufflevector(b[i], b[i + 4], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < 8; i++) b[i] = next[i];
  }
  const uint8_t *rows = (const uint8_t *)b;
#pragma clang loop unroll(full)
  for (int i = 0; i < 8; i++) {
    memcpy(left + i * stride, rows + 8 * i, 8);
    memcpy(right + i * stride, rows + 64 + 8 * i, 8);
  }
  return 0;
}

// ---- the scan

// Copies up to the first marker, without the zeros that follow bytes of 255; the number of bytes, or -1.
static long plain_bytes(const uint8_t *data, long n, uint8_t *out, long *marker) {
  const uint8_t *from = data, *end = data + n;
  uint8_t *to = out;
  while (from < end) {
    const uint8_t *stop = memchr(from, 255, (size_t)(end - from));
    if (stop == NULL || stop + 1 >= end) return -1;
    long count = stop - from;
    memcpy(to, from, (size_t)count);
    to += count;
    if (stop[1] != 0) {
      *marker = stop - data;
      memset(to, 0, PADDING);
      return to - out;
    }
    *to++ = 255;
    from = stop + 2;
  }
  return -1;
}

VK_CLONES static int planes_of_bits(const uint8_t *bytes, long n, const vk_jpeg_codes *const *codes,
                                    const int16_t *const *quantisers, long columns, long rows, long first,
                                    long last, uint8_t *luma, uint8_t *blue, uint8_t *red) {
  _Alignas(64) int16_t blocks[3][8 * 16 + 32];
  int16_t factors[3][END_OF_BLOCK + 64] = {{0}};  // as long as `places`
  for (int component = 0; component < 3; component++) memcpy(factors[component], quantisers[component], 64 * sizeof(int16_t));
  reader r = {bytes, 0, 0};
  const uint8_t *end = bytes + n + 8;
  int32_t means[3] = {0, 0, 0};
  long stride = 16 * columns;
  for (long row = 0; row < rows; row++)
    for (long column = 0; column < columns; column++) {
      memset(blocks, 0, sizeof blocks);
      int state = 0;
#pragma clang loop unroll(full)
      for (int i = 0; i < 6; i++) {
        int component = i < 4 ? 0 : i - 3;
        int16_t *block = blocks[i / 2] + i % 2 * 8;
        state |= read_block(&r, codes[2 * component], codes[2 * component + 1], factors[component],
                            means + component, block);
      }
      if (state < 0 || r.next > end) return -1;
      if (row < first || row >= last) continue;
      uint8_t *y = luma + 16 * (row * stride + column);
      long at = 8 * (row * (stride / 2) + column);
      state |= write_blocks(blocks[0], y, y + 8, stride);
      state |= write_blocks(blocks[1], y + 8 * stride, y + 8 * stride + 8, stride);
      state |= write_blocks(blocks[2], blue + at, red + at, stride / 2);
      if (state < 0) return -1;
    }
  long used = 8 * (r.next - bytes) - r.count;
  return used <= 8 * n && used > 8 * (n - 1) ? 0 : -1;
}

long vk_jpeg_scan(const uint8_t *data, long n, const vk_jpeg_codes *const *codes, const int16_t *const *quantisers,
                  long columns, long rows, long first, long last, uint8_t *luma, uint8_t *blue, uint8_t *red,
                  uint8_t *scratch) {
  long marker = 0, count = plain_bytes(data, n, scratch, &marker);
  if (count < 0) return -1;
  if (planes_of_bits(scratch, count, codes, quantisers, columns, rows, first, last, luma, blue, red) < 0) return -1;
  return marker;
}
