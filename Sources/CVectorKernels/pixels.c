#include "pixel_rows.h"

// Byte x of a channel becomes scale·x + shift.
typedef struct {
  double scale[3], shift[3];
} normalization;

enum { BAND = 8 };  // rows

#define VK_FILE "pixels_any.inc"
#include "instantiate_any.inc"

void vk_patches(int dtype, int layout, const uint8_t *bytes, void *y, long n, long size, long patch, const double *mean,
                const double *deviation) {
  normalization norm;
  for (int channel = 0; channel < 3; channel++) {
    norm.scale[channel] = 1 / (255 * deviation[channel]);
    norm.shift[channel] = -mean[channel] / deviation[channel];
  }
  VK_CALL_ANY(vk_patches, layout, bytes, y, n, size, patch, &norm);
}
