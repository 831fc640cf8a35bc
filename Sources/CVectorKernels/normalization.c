#include "generic.h"

#define VK_FILE "normalization.inc"
#include "instantiate.inc"

void vk_layer_norm(int dtype, const void *x, int update_dtype, const void *update, const void *gamma, const void *beta,
                   double eps, void *sum, int result_dtype, void *y, void *mean, void *rstd, long rows, long cols) {
  VK_CALL(vk_layer_norm, x, update_dtype, update, gamma, beta, eps, sum, result_dtype, y, mean, rstd, rows, cols);
}
void vk_normalize(int dtype, const void *x, const void *gamma, const void *beta, const void *mean, const void *rstd,
                  int result_dtype, void *y, long rows, long cols) {
  VK_CALL(vk_normalize, x, gamma, beta, mean, rstd, result_dtype, y, rows, cols);
}
void vk_layer_norm_backward(int dtype, const void *x, const void *gamma, const void *mean, const void *rstd,
                            int dy_dtype, const void *dy, const void *addend, void *dx, void *dgamma, void *dbeta,
                            long rows, long cols) {
  VK_CALL(vk_layer_norm_backward, x, gamma, mean, rstd, dy_dtype, dy, addend, dx, dgamma, dbeta, rows, cols);
}
void vk_unit_rows(int dtype, const void *x, double eps, void *y, void *norm, long rows, long cols) {
  VK_CALL(vk_unit_rows, x, eps, y, norm, rows, cols);
}
void vk_unit_rows_backward(int dtype, const void *y, const void *norm, const void *dy, double eps, void *dx,
                           long rows, long cols) {
  VK_CALL(vk_unit_rows_backward, y, norm, dy, eps, dx, rows, cols);
}
