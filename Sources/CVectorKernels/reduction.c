#include "generic.h"

#define VK_FILE "reduction.inc"
#include "instantiate.inc"

#define VK_FILE "reduction_any.inc"
#include "instantiate_any.inc"

double vk_sum(int dtype, const void *x, long n) { VK_RETURN(vk_sum, x, n); }
double vk_sum_of_squares(int dtype, const void *x, long n) { VK_RETURN(vk_sum_of_squares, x, n); }
double vk_count_positive(int dtype, const void *x, long n) { VK_RETURN(vk_count_positive, x, n); }
int vk_all_finite(int dtype, const void *x, long n) { VK_RETURN(vk_all_finite, x, n); }
void vk_row_sums(int dtype, const void *x, void *y, long rows, long cols) { VK_CALL(vk_row_sums, x, y, rows, cols); }
void vk_row_dots(int dtype, const void *a, const void *b, void *y, long rows, long cols) {
  VK_CALL(vk_row_dots, a, b, y, rows, cols);
}
void vk_column_sums(int dtype, const void *x, void *y, long rows, long cols, int accumulate) {
  VK_CALL_ANY(vk_column_sums, x, y, rows, cols, accumulate);
}
void vk_sum_axis(int dtype, const void *x, void *y, long outer, long axis, long inner) {
  VK_CALL(vk_sum_axis, x, y, outer, axis, inner);
}
