#include "generic.h"

#define VK_FILE "pixels.inc"
#include "instantiate.inc"

void vk_patches(int dtype, const uint8_t *bytes, void *y, long n, long size, long patch, const double *mean,
                const double *deviation) {
  VK_CALL(vk_patches, bytes, y, n, size, patch, mean, deviation);
}
