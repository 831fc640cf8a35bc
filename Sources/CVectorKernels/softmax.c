#include "generic.h"

#define VK_FILE "softmax.inc"
#include "instantiate.inc"

void vk_softmax(int dtype, const void *x, void *y, long rows, long cols) { VK_CALL(vk_softmax, x, y, rows, cols); }
void vk_softmax_backward(int dtype, const void *y, const void *dy, void *dx, long rows, long cols) {
  VK_CALL(vk_softmax_backward, y, dy, dx, rows, cols);
}
void vk_log_softmax(int dtype, const void *x, void *y, long rows, long cols) {
  VK_CALL(vk_log_softmax, x, y, rows, cols);
}
void vk_log_softmax_backward(int dtype, const void *y, const void *dy, void *dx, long rows, long cols) {
  VK_CALL(vk_log_softmax_backward, y, dy, dx, rows, cols);
}
void vk_attention_softmax(int dtype, void *s, const void *bias, long bias_stride, double scale, long rows, long cols) {
  VK_CALL(vk_attention_softmax, s, bias, bias_stride, scale, rows, cols);
}
void vk_attention_softmax_backward(int dtype, const void *p, void *dp, void *dbias, long bias_stride, double scale,
                                   long rows, long cols) {
  VK_CALL(vk_attention_softmax_backward, p, dp, dbias, bias_stride, scale, rows, cols);
}
