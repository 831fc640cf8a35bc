// Sixteen float32 numbers at a time, for the attention kernels: a vector of AVX-512, two of AVX2, four of NEON.
#pragma once
#include "generic.h"

// Vectors are passed to functions that are always inlined, so there is no calling convention to change.
#pragma clang diagnostic ignored "-Wpsabi"

typedef float lanes __attribute__((ext_vector_type(16), aligned(4)));
typedef uint32_t lanes_u32 __attribute__((ext_vector_type(16), aligned(4)));
typedef uint16_t lanes_u16 __attribute__((ext_vector_type(16), aligned(2)));
enum { LANES = 16, PANEL = 64 };

VK_INLINE long lanes_rounded_up(long n) { return (n + LANES - 1) / LANES * LANES; }
VK_INLINE lanes lanes_load(const float *x) { return *(const lanes *)x; }
VK_INLINE void lanes_store(float *y, lanes x) { *(lanes *)y = x; }
VK_INLINE lanes lanes_of_bf16(const uint16_t *x) {
  return __builtin_bit_cast(lanes, __builtin_convertvector(*(const lanes_u16 *)x, lanes_u32) << 16);
}
// As vk_bf16_of_float.
VK_INLINE lanes_u16 lanes_to_bf16(lanes x) {
  lanes_u32 bits = __builtin_bit_cast(lanes_u32, x);
  lanes_u32 rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
  return __builtin_convertvector(x != x ? (bits >> 16 | 0x40) : rounded, lanes_u16);
}
// The larger of each pair; of a pair with NaN, b.
VK_INLINE lanes lanes_max(lanes a, lanes b) { return a > b ? a : b; }

VK_INLINE float lanes_top(lanes x) {
  lanes a = lanes_max(x, __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
  a = lanes_max(a, __builtin_shufflevector(a, a, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11));
  a = lanes_max(a, __builtin_shufflevector(a, a, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13));
  a = lanes_max(a, __builtin_shufflevector(a, a, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14));
  return a[0];
}
VK_INLINE float lanes_sum(lanes x) {
  lanes a = x + __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
  a += __builtin_shufflevector(a, a, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11);
  a += __builtin_shufflevector(a, a, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
  a += __builtin_shufflevector(a, a, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);
  return a[0];
}

// vk_exp_f32 where x is at most 0, or NaN.
VK_INLINE lanes lanes_exp(lanes x) {
  lanes t = x < -87.33f ? (lanes)-87.33f : x;
  lanes shifted = t * 1.44269504088896341f + 12582912.0f;
  lanes n = shifted - 12582912.0f;
  lanes r = t - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  lanes p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  lanes power = __builtin_bit_cast(lanes, (__builtin_bit_cast(lanes_u32, shifted) + 127) << 23);
  return x < -87.33f ? (lanes)0.0f : p * power;
}

// y[j] = x[·][j], 16 × 16: four times, halves of blocks twice as large change places across the diagonal.
VK_INLINE void lanes_transpose(const float *x, long x_stride, float *y, long y_stride) {
  lanes r[LANES];
#pragma clang loop unroll(full)
  for (int i = 0; i < LANES; i++) r[i] = lanes_load(x + i * x_stride);
#define EXCHANGE(distance, ...)                                             \
  _Pragma("clang loop unroll(full)") for (int i = 0; i < LANES; i++) {      \
    if (i & distance) continue;                                             \
    lanes a = r[i], b = r[i + distance];                                    \
    EXCHANGE_##distance                                                     \
  }
#define EXCHANGE_1                                                                                         \
  r[i] = __builtin_shufflevector(a, b, 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30);         \
  r[i + 1] = __builtin_shufflevector(a, b, 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31);
#define EXCHANGE_2                                                                                         \
  r[i] = __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);          \
  r[i + 2] = __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
#define EXCHANGE_4                                                                                         \
  r[i] = __builtin_shufflevector(a, b, 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27);          \
  r[i + 4] = __builtin_shufflevector(a, b, 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31);
#define EXCHANGE_8                                                                                         \
  r[i] = __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);            \
  r[i + 8] = __builtin_shufflevector(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
  EXCHANGE(1)
  EXCHANGE(2)
  EXCHANGE(4)
  EXCHANGE(8)
#undef EXCHANGE
#undef EXCHANGE_1
#undef EXCHANGE_2
#undef EXCHANGE_4
#undef EXCHANGE_8
#pragma clang loop unroll(full)
  for (int i = 0; i < LANES; i++) lanes_store(y + i * y_stride, r[i]);
}
