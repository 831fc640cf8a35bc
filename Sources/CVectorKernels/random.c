#include "generic.h"

// One block of Philox4x32-10 as two 64-bit words.
VK_INLINE void philox(uint64_t key, uint64_t stream, uint64_t block, uint64_t *first, uint64_t *second) {
  uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
  uint32_t c0 = (uint32_t)block, c1 = (uint32_t)(block >> 32), c2 = (uint32_t)stream, c3 = (uint32_t)(stream >> 32);
  for (int round = 0; round < 10; round++) {
    uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
    c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
    c1 = (uint32_t)p1;
    c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
    c3 = (uint32_t)p0;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  *first = (uint64_t)c0 | (uint64_t)c1 << 32;
  *second = (uint64_t)c2 | (uint64_t)c3 << 32;
}

VK_INLINE double uniform(uint64_t word) { return (double)(int64_t)(word >> 11) * 0x1p-53; }

enum { CHUNK = 256 };

// Uniform doubles of a run of blocks, two a block.
VK_CLONES static void uniforms(uint64_t key, uint64_t stream, uint64_t block, double *y, long blocks) {
  for (long i = 0; i < blocks; i++) {
    uint64_t a, b;
    philox(key, stream, block + (uint64_t)i, &a, &b);
    y[2 * i] = uniform(a);
    y[2 * i + 1] = uniform(b);
  }
}

static void store(int dtype, void *y, long i, double value) {
  if (dtype == VK_FLOAT64) ((double *)y)[i] = value;
  else ((float *)y)[i] = (float)value;
}

void vk_random_uniform(int dtype, uint64_t key, uint64_t stream, long first, double low, double high,
                       void *y, long n) {
#pragma clang fp contract(off)  // to the bit what RandomStream gives
  double u[2 * CHUNK];
  for (long begin = 0; begin < n; begin += 2 * CHUNK) {
    long count = n - begin < 2 * CHUNK ? n - begin : 2 * CHUNK;
    uniforms(key, stream, (uint64_t)(first + begin) / 2, u, (count + 1) / 2);
    for (long i = 0; i < count; i++) store(dtype, y, begin + i, low + (high - low) * u[i]);
  }
}

// Box and Muller, one number a block.
void vk_random_normal(int dtype, uint64_t key, uint64_t stream, long first, double deviation, void *y, long n) {
  double u[2 * CHUNK];
  for (long begin = 0; begin < n; begin += CHUNK) {
    long count = n - begin < CHUNK ? n - begin : CHUNK;
    uniforms(key, stream, (uint64_t)(first + begin), u, count);
    for (long i = 0; i < count; i++)
      store(dtype, y, begin + i, deviation * (sqrt(-2 * log(1 - u[2 * i])) * cos(6.283185307179586 * u[2 * i + 1])));
  }
}
