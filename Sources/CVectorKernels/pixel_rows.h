// Rows of pictures, from one file of kernels to another.
#pragma once
#include "generic.h"

// Row y of a picture of 4:2:0 planes (pixel_planes.c).
void vk_rgb_row_from_yuv420(const uint8_t *yuv, long y, uint8_t *r, uint8_t *g, uint8_t *b, long size);
