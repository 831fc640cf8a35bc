#include "generic.h"
#include <stdlib.h>

#define VK_FILE "indexing.inc"
#include "instantiate.inc"

#define VK_FILE "indexing_any.inc"
#include "instantiate_any.inc"

void vk_gather_rows(int dtype, const void *x, const int32_t *index, void *y, long count, long cols) {
  size_t width = (size_t)cols * vk_width(dtype);
  const char *from = x;
  char *to = y;
  for (long i = 0; i < count; i++, to += width) {
    if (index[i] < 0) memset(to, 0, width);
    else memcpy(to, from + (size_t)index[i] * width, width);
  }
}
void vk_scatter_add_rows(int dtype, const void *dy, const int32_t *index, void *dx, long count, long cols) {
  VK_CALL_ANY(vk_scatter_add_rows, dy, index, dx, count, cols);
}
void vk_gather_last(int dtype, const void *x, const int32_t *index, void *y, long rows, long cols, long picks) {
  VK_CALL(vk_gather_last, x, index, y, rows, cols, picks);
}
void vk_scatter_add_last(int dtype, const void *dy, const int32_t *index, void *dx, long rows, long cols, long picks) {
  VK_CALL(vk_scatter_add_last, dy, index, dx, rows, cols, picks);
}
int vk_sort_rows(int dtype, const void *x, void *values, int32_t *index, long rows, long cols, long picks) {
  VK_RETURN(vk_sort_rows, x, values, index, rows, cols, picks);
}
void vk_transpose(int dtype, const void *x, void *y, long batch, long rows, long cols) {
  VK_CALL(vk_transpose, x, y, batch, rows, cols);
}
