// Gradients on their way between ranks as bfloat16. Sums of squares run in float64 over blocks of 1,024, as in
// reduction.inc, each while its block is in the cache.
#include "generic.h"

enum { BLOCK = 1024 };

VK_CLONES double vk_wire_encode(const float *x, uint16_t *y, long n) {
  VK_FAST
  double total = 0;
  for (long begin = 0; begin < n; begin += BLOCK) {
    long end = begin + BLOCK < n ? begin + BLOCK : n;
    float part = 0;
    for (long i = begin; i < end; i++) {
      uint16_t rounded = vk_bf16_of_float(x[i]);
      float error = vk_float_of_bf16(rounded) - x[i];
      y[i] = rounded;
      part += error * error;
    }
    total += (double)part;
  }
  return total;
}

VK_CLONES double vk_wire_sum(const float *own, const uint16_t *parts, long stride, long count, long self, uint16_t *y,
                             long n) {
  double total = 0;
  for (long begin = 0; begin < n; begin += BLOCK) {
    long length = begin + BLOCK < n ? BLOCK : n - begin;
    float sums[BLOCK];
    for (long i = 0; i < length; i++) sums[i] = 0;
    // One rank after the other: the order of the sum is that of the ranks, wherever it is computed.
    for (long r = 0; r < count; r++) {
      const uint16_t *part = parts + r * stride + begin;
      if (r == self)
        for (long i = 0; i < length; i++) sums[i] += own[begin + i];
      else
        for (long i = 0; i < length; i++) sums[i] += vk_float_of_bf16(part[i]);
    }
    total += vk_wire_encode(sums, y + begin, length);
  }
  return total;
}

VK_CLONES double vk_wire_decode(const uint16_t *x, float *y, long n) {
  VK_FAST
  double total = 0;
  for (long begin = 0; begin < n; begin += BLOCK) {
    long end = begin + BLOCK < n ? begin + BLOCK : n;
    float part = 0;
    for (long i = begin; i < end; i++) {
      float value = vk_float_of_bf16(x[i]);
      y[i] = value;
      part += value * value;
    }
    total += (double)part;
  }
  return total;
}
