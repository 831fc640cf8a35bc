#include "pixel_rows.h"

// Pictures of the shards: 4:2:0 planes (Y [size, size], Cb and Cr [half, half], half = ⌈size/2⌉), full range BT.601 as
// in JPEG files. Formulas and rounding are libjpeg's, so that a JPEG's planes give the RGB that its readers know.

enum { MAXIMUM_SIZE = VK_MAXIMUM_YUV420_SIZE };

// ---- residuals

// A residual r = value − value above (mod 256) near 0 becomes a small number: 0, −1, 1, −2, … -> 0, 1, 2, 3, …
VK_INLINE uint8_t zigzag(uint8_t residual) { return (uint8_t)(residual << 1 ^ (uint8_t)-(residual >> 7)); }
VK_INLINE uint8_t unzigzag(uint8_t code) { return (uint8_t)(code >> 1 ^ (uint8_t)-(code & 1)); }

VK_CLONES static void residual_row(const uint8_t *restrict row, const uint8_t *restrict above, uint8_t *restrict out,
                                   long n) {
  for (long x = 0; x < n; x++) out[x] = zigzag((uint8_t)(row[x] - above[x]));
}

VK_CLONES static void split_nibbles(const uint8_t *restrict codes, uint8_t *restrict high, uint8_t *restrict low,
                                    long pairs) {
  for (long k = 0; k < pairs; k++) {
    uint8_t a = codes[2 * k], b = codes[2 * k + 1];
    high[k] = (uint8_t)(a >> 4 | (b & 0xF0));
    low[k] = (uint8_t)((a & 0x0F) | b << 4);
  }
}

// Two values of a row from a byte of each half; the row above is complete. Both values are made in one word of 16 bits,
// so that nothing has to be interleaved.
typedef uint16_t __attribute__((may_alias, aligned(1))) byte_pair;
VK_CLONES static void join_row(const uint8_t *restrict high, const uint8_t *restrict low,
                               const byte_pair *restrict above, byte_pair *restrict row, long pairs) {
  for (long k = 0; k < pairs; k++) {
    uint16_t h = high[k], l = low[k];
    uint16_t codes = (uint16_t)((h & 0x0F) << 4 | (l & 0x0F) | (h & 0xF0) << 8 | (l & 0xF0) << 4);
    uint16_t residuals = (uint16_t)((codes >> 1 & 0x7F7F) ^ (codes & 0x0101) * 0xFF);
    // Sums of bytes that do not carry into each other.
    uint16_t sums = (uint16_t)((residuals & 0x7F7F) + (above[k] & 0x7F7F));
    row[k] = (uint16_t)(sums ^ ((residuals ^ above[k]) & 0x8080));
  }
}

static const uint8_t zeros[MAXIMUM_SIZE];

static long picture_bytes(long size) {
  long half = (size + 1) / 2;
  return size * size + 2 * half * half;
}

void vk_residual_halves(const uint8_t *pictures, uint8_t *codes, uint8_t *high, uint8_t *low, long n, long size) {
  long count = picture_bytes(size), pairs = (count + 1) / 2, half = (size + 1) / 2;
  for (long i = 0; i < n; i++) {
    const uint8_t *plane = pictures + i * count;
    uint8_t *out = codes;
    for (int p = 0; p < 3; p++) {
      long width = p == 0 ? size : half;
      for (long y = 0; y < width; y++, plane += width, out += width)
        residual_row(plane, y == 0 ? zeros : plane - width, out, width);
    }
    if (count % 2) *out = 0;
    split_nibbles(codes, high + i * pairs, low + i * pairs, pairs);
  }
}

void vk_pictures_from_halves(const uint8_t *high, const uint8_t *low, uint8_t *pictures, long n, long size) {
  long count = picture_bytes(size), pairs = (count + 1) / 2, half = (size + 1) / 2;
  for (long i = 0; i < n; i++) {
    const uint8_t *h = high + i * pairs, *l = low + i * pairs;
    uint8_t *plane = pictures + i * count;
    long place = 0;  // of the next value in the picture
    for (int p = 0; p < 3; p++) {
      long width = p == 0 ? size : half;
      for (long y = 0; y < width; y++, place += width) {
        uint8_t *row = plane + place;
        const uint8_t *above = y == 0 ? zeros : row - width;
        if (place % 2 == 0 && width % 2 == 0) {
          join_row(h + place / 2, l + place / 2, (const byte_pair *)above, (byte_pair *)row,
                   width / 2);
          continue;
        }
        for (long x = 0; x < width; x++) {  // rows of odd width begin in the middle of a byte
          long at = place + x, shift = at % 2 * 4;
          uint8_t code = (uint8_t)((h[at / 2] >> shift & 0x0F) << 4 | (l[at / 2] >> shift & 0x0F));
          row[x] = (uint8_t)(above[x] + unzigzag(code));
        }
      }
    }
  }
}

// ---- colour

VK_CLONES static void luma_row(const uint8_t *restrict r, const uint8_t *restrict g, const uint8_t *restrict b,
                               uint8_t *restrict y, long n) {
  for (long x = 0; x < n; x++) y[x] = (uint8_t)((19595 * r[x] + 38470 * g[x] + 7471 * b[x] + 32768) >> 16);
}

// The mean of a block of 2×2, halves upwards.
VK_CLONES static void mean_row(const uint8_t *restrict top, const uint8_t *restrict bottom, uint8_t *restrict out,
                               long pairs) {
  for (long x = 0; x < pairs; x++)
    out[x] = (uint8_t)((top[2 * x] + top[2 * x + 1] + bottom[2 * x] + bottom[2 * x + 1] + 2) >> 2);
}

VK_CLONES static void chroma_row(const uint8_t *restrict r, const uint8_t *restrict g, const uint8_t *restrict b,
                                 uint8_t *restrict cb, uint8_t *restrict cr, long n) {
  const int centre = (128 << 16) + 32767;
  for (long x = 0; x < n; x++) {
    cb[x] = (uint8_t)((-11059 * r[x] - 21709 * g[x] + 32768 * b[x] + centre) >> 16);
    cr[x] = (uint8_t)((32768 * r[x] - 27439 * g[x] - 5329 * b[x] + centre) >> 16);
  }
}

void vk_yuv420_from_rgb(const uint8_t *rgb, uint8_t *yuv, long size) {
  long plane = size * size, half = (size + 1) / 2;
  uint8_t *cb = yuv + plane, *cr = cb + half * half;
  uint8_t means[3][MAXIMUM_SIZE / 2 + 1];
  for (long y = 0; y < size; y++)
    luma_row(rgb + y * size, rgb + plane + y * size, rgb + 2 * plane + y * size, yuv + y * size, size);
  for (long y = 0; y < half; y++) {
    long first = 2 * y, second = first + 1 < size ? first + 1 : first;  // an odd last row stands for two
    for (int c = 0; c < 3; c++) {
      const uint8_t *top = rgb + c * plane + first * size, *bottom = rgb + c * plane + second * size;
      mean_row(top, bottom, means[c], size / 2);
      if (size % 2) means[c][half - 1] = (uint8_t)((2 * top[size - 1] + 2 * bottom[size - 1] + 2) >> 2);
    }
    chroma_row(means[0], means[1], means[2], cb + y * half, cr + y * half, half);
  }
}

// Chroma between samples, by a triangle filter: 3/4 of the nearer and 1/4 of the farther sample, in both directions
// (libjpeg's "fancy upsampling"). sums has one place before and one behind its n values.
VK_CLONES static void column_sums(const uint8_t *restrict near, const uint8_t *restrict far, int16_t *restrict sums,
                                  long n) {
  for (long x = 0; x < n; x++) sums[x] = (int16_t)(3 * near[x] + far[x]);
}

// Two values at once: the even one in the lower byte (the machines that this runs on are little-endian).
VK_CLONES static void upsampled_row(const int16_t *restrict sums, uint16_t *restrict out, long n) {
  for (long x = 0; x < n; x++) {
    int middle = 3 * sums[x + 1], even = (middle + sums[x] + 8) >> 4, odd = (middle + sums[x + 2] + 7) >> 4;
    out[x] = (uint16_t)(even | odd << 8);
  }
}

VK_INLINE uint8_t byte(int value) { return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value); }

VK_CLONES static void rgb_row(const uint8_t *restrict y, const uint8_t *restrict cb, const uint8_t *restrict cr,
                              uint8_t *restrict r, uint8_t *restrict g, uint8_t *restrict b, long n) {
  for (long x = 0; x < n; x++) {
    int luma = y[x], u = cb[x] - 128, v = cr[x] - 128;
    r[x] = byte(luma + ((91881 * v + 32768) >> 16));
    g[x] = byte(luma + ((-22554 * u - 46802 * v + 32768) >> 16));
    b[x] = byte(luma + ((116130 * u + 32768) >> 16));
  }
}

void vk_rgb_row_from_yuv420(const uint8_t *yuv, long y, uint8_t *r, uint8_t *g, uint8_t *b, long size) {
  long plane = size * size, half = (size + 1) / 2;
  int16_t sums[MAXIMUM_SIZE / 2 + 3];
  uint16_t chroma[2][MAXIMUM_SIZE / 2 + 1];
  long near = y / 2, far = y % 2 ? near + 1 : near - 1;
  far = far < 0 ? 0 : far >= half ? half - 1 : far;
  for (int c = 0; c < 2; c++) {
    const uint8_t *values = yuv + plane + c * half * half;
    column_sums(values + near * half, values + far * half, sums + 1, half);
    sums[0] = sums[1];
    sums[half + 1] = sums[half];
    upsampled_row(sums, chroma[c], half);
  }
  rgb_row(yuv + y * size, (const uint8_t *)chroma[0], (const uint8_t *)chroma[1], r, g, b, size);
}

void vk_rgb_from_yuv420(const uint8_t *yuv, uint8_t *rgb, long size) {
  long plane = size * size;
  for (long y = 0; y < size; y++, rgb += size)
    vk_rgb_row_from_yuv420(yuv, y, rgb, rgb + plane, rgb + 2 * plane, size);
}
