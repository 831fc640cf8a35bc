#include "generic.h"

#define VK_FILE "normalization.inc"
#include "instantiate.inc"

void vk_layer_norm(int dtype, const void *x, const void *gamma, const void *beta, double eps, void *y, void *mean,
                   void *rstd, long rows, long cols) {
  VK_CALL(vk_layer_norm, x, gamma, beta, eps, y, mean, rstd, rows, cols);
}
void vk_layer_norm_backward(int dtype, const void *x, const void *gamma, const void *mean, const void *rstd,
                            const void *dy, void *dx, void *dgamma, void *dbeta, long rows, long cols) {
  VK_CALL(vk_layer_norm_backward, x, gamma, mean, rstd, dy, dx, dgamma, dbeta, rows, cols);
}
void vk_unit_rows(int dtype, const void *x, double eps, void *y, void *norm, long rows, long cols) {
  VK_CALL(vk_unit_rows, x, eps, y, norm, rows, cols);
}
void vk_unit_rows_backward(int dtype, const void *y, const void *norm, const void *dy, double eps, void *dx,
                           long rows, long cols) {
  VK_CALL(vk_unit_rows_backward, y, norm, dy, eps, dx, rows, cols);
}
