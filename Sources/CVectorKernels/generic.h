// What every kernel file shares. A kernel is written once, in a .inc file, over the type T; instantiate.inc makes
// its float and double forms; the .c file dispatches on the dtype.
#pragma once
#include "vector_kernels.h"
#include <math.h>
#include <stddef.h>
#include <string.h>

// ThreadSanitizer's calls in the functions that choose among the clones crash: they run before it has begun.
#if defined(__x86_64__) && !__has_feature(thread_sanitizer)
#define VK_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else  // NEON is part of the baseline of 64-bit Arm
#define VK_CLONES
#endif
#define VK_INLINE static inline __attribute__((always_inline))

// Lets reductions vectorise; without it sums are scalar.
#define VK_FAST _Pragma("clang fp reassociate(on) contract(fast)")

// Elements of different places do not meet: an array may be another one, element for element, but not a shifted one.
// Without it a loop checks at run time and takes its scalar form where an array is computed in place.
// The exponential of float64 is the library's, whose loops stay scalar: no warning about those.
#pragma clang diagnostic ignored "-Wpass-failed"
#define VK_SIMD _Pragma("clang loop vectorize(assume_safety)")

#define VK_CALL(name, ...)                                   \
  do {                                                       \
    if (dtype == VK_FLOAT64) name##_f64(__VA_ARGS__);        \
    else name##_f32(__VA_ARGS__);                            \
  } while (0)
#define VK_CALL_ANY(name, ...)                               \
  do {                                                       \
    if (dtype == VK_BFLOAT16) name##_bf16(__VA_ARGS__);      \
    else VK_CALL(name, __VA_ARGS__);                         \
  } while (0)
#define VK_RETURN(name, ...) \
  return dtype == VK_FLOAT64 ? name##_f64(__VA_ARGS__) : name##_f32(__VA_ARGS__)

VK_INLINE size_t vk_width(int dtype) {
  return dtype == VK_FLOAT64 ? sizeof(double) : dtype == VK_FLOAT32 ? sizeof(float) : sizeof(uint16_t);
}

// bfloat16 is the upper half of a float. Rounded to nearest, halves to even; NaN stays NaN.
VK_INLINE float vk_float_of_bf16(uint16_t x) {
  union { uint32_t bits; float f; } wide = {(uint32_t)x << 16};
  return wide.f;
}
VK_INLINE uint16_t vk_bf16_of_float(float x) {
  union { float f; uint32_t bits; } u = {x};
  uint32_t rounded = (u.bits + 0x7fff + (u.bits >> 16 & 1)) >> 16;
  return (uint16_t)(x != x ? (u.bits >> 16 | 0x40) : rounded);
}

// e^x to 2 units in the last place (range reduction by ln 2 in two parts, then Cephes' polynomial); 0 below -87.33,
// infinity above 88.37, NaN of NaN. Adding 1.5·2^23 rounds x/ln 2 to an integer, which then stands in the low bits of
// the sum: no conversion to an integer, which C leaves undefined for NaN.
VK_INLINE float vk_exp_f32(float x) {
#pragma clang fp reassociate(off)
  float t = x > 88.37f ? 88.37f : x;
  t = t < -87.33f ? -87.33f : t;
  union { float f; uint32_t bits; } shifted = {t * 1.44269504088896341f + 12582912.0f}, power;
  float n = shifted.f - 12582912.0f;
  float r = t - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  float square = r * r, high = 1.9875691500e-4f * r + 1.3981999507e-3f;
  float middle = 8.3334519073e-3f * r + 4.1665795894e-2f, low = 1.6666665459e-1f * r + 5.0000001201e-1f;
  float p = ((high * square + middle) * square + low) * square + r + 1.0f;
  power.bits = (shifted.bits + 127) << 23;
  float y = p * power.f;
  y = x > 88.37f ? INFINITY : y;
  return x < -87.33f ? 0.0f : y;
}
VK_INLINE double vk_exp_f64(double x) { return exp(x); }

// 1/(1 + e^-x)
VK_INLINE float vk_logistic_f32(float x) { return 1 / (1 + vk_exp_f32(-x)); }
VK_INLINE double vk_logistic_f64(double x) { return 1 / (1 + exp(-x)); }
// Relative error 3e-6, a thousandth of bfloat16's, and next to 0 rather than 0 below -87: 2^f by a polynomial of the
// fourth degree, |f| <= 1/2, whose exponent is then raised. Only for x that came from bfloat16: the low bits of another NaN could spoil the sum of exponents.
VK_INLINE float vk_logistic_bf16(float x) {
#pragma clang fp reassociate(off)
  float t = x * -1.44269504088896341f;
  t = t > 126.0f ? 126.0f : t;
  t = t < -126.0f ? -126.0f : t;
  union { float f; uint32_t bits; } shifted = {t + 12582912.0f}, power;
  float r = t - (shifted.f - 12582912.0f), square = r * r;
  power.f = (9.570079855620861e-3f * square + (5.591783672571182e-2f * r + 2.40247443318367e-1f)) * square +
            (6.931217908859253e-1f * r + 9.999992847442627e-1f);
  power.bits += shifted.bits << 23;
  return 1.0f / (1.0f + power.f);
}
