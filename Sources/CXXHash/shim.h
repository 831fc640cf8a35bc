#pragma once
#include <xxhash.h>

// On x86 the library as Debian builds it also has each hash for the vectors that the machine has, found at run time;
// its plain functions use those of every x86. Other builds of it lack them, hence weak.
#if defined(__x86_64__)
__attribute__((weak)) XXH64_hash_t XXH3_64bits_withSeed_dispatch(const void *input, size_t length, XXH64_hash_t seed);
#endif

static inline XXH64_hash_t sgmn_xxh3(const void *input, size_t length, XXH64_hash_t seed) {
#if defined(__x86_64__)
  if (XXH3_64bits_withSeed_dispatch) return XXH3_64bits_withSeed_dispatch(input, length, seed);
#endif
  return XXH3_64bits_withSeed(input, length, seed);
}
