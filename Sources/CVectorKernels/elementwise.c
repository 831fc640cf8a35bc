#include "generic.h"

#define VK_FILE "elementwise.inc"
#include "instantiate.inc"

VK_CLONES static void widen(const float *x, double *y, long n) {
  for (long i = 0; i < n; i++) y[i] = x[i];
}
VK_CLONES static void narrow(const double *x, float *y, long n) {
  for (long i = 0; i < n; i++) y[i] = (float)x[i];
}
VK_CLONES static void widen_bf16(const uint16_t *x, float *y, long n) {
  for (long i = 0; i < n; i++) y[i] = vk_float_of_bf16(x[i]);
}
VK_CLONES static void narrow_bf16(const float *x, uint16_t *y, long n) {
  for (long i = 0; i < n; i++) y[i] = vk_bf16_of_float(x[i]);
}
VK_CLONES static void widen_bf16_f64(const uint16_t *x, double *y, long n) {
  for (long i = 0; i < n; i++) y[i] = vk_float_of_bf16(x[i]);
}
VK_CLONES static void narrow_f64_bf16(const double *x, uint16_t *y, long n) {
  for (long i = 0; i < n; i++) y[i] = vk_bf16_of_float((float)x[i]);
}
void vk_convert(int dtype, const void *x, int target, void *y, long n) {
  static const size_t width[] = {sizeof(float), sizeof(double), sizeof(uint16_t)};
  if (dtype == target) memcpy(y, x, (size_t)n * width[dtype]);
  else if (target == VK_FLOAT64) dtype == VK_BFLOAT16 ? widen_bf16_f64(x, y, n) : widen(x, y, n);
  else if (target == VK_BFLOAT16) dtype == VK_FLOAT64 ? narrow_f64_bf16(x, y, n) : narrow_bf16(x, y, n);
  else dtype == VK_BFLOAT16 ? widen_bf16(x, y, n) : narrow(x, y, n);
}

void vk_fill(int dtype, void *y, double value, long n) { VK_CALL(vk_fill, y, value, n); }
void vk_scaled_add(int dtype, const void *x, double a, void *y, long n) { VK_CALL(vk_scaled_add, x, a, y, n); }
void vk_add(int dtype, const void *a, const void *b, void *y, long n) { VK_CALL(vk_add, a, b, y, n); }
void vk_subtract(int dtype, const void *a, const void *b, void *y, long n) { VK_CALL(vk_subtract, a, b, y, n); }
void vk_multiply(int dtype, const void *a, const void *b, void *y, long n) { VK_CALL(vk_multiply, a, b, y, n); }
void vk_unary(int dtype, int kind, double a, double b, const void *x, void *y, long n) {
  VK_CALL(vk_unary, kind, a, b, x, y, n);
}
void vk_unary_backward(int dtype, int kind, double a, double b, const void *x, const void *y, const void *dy,
                       void *dx, long n) {
  VK_CALL(vk_unary_backward, kind, a, b, x, y, dy, dx, n);
}
void vk_add_suffix(int dtype, const void *x, const void *b, void *y, long rows, long cols) {
  VK_CALL(vk_add_suffix, x, b, y, rows, cols);
}
void vk_repeat_row(int dtype, const void *b, void *y, long rows, long cols) {
  VK_CALL(vk_repeat_row, b, y, rows, cols);
}
void vk_add_column(int dtype, const void *x, const void *v, void *y, long rows, long cols) {
  VK_CALL(vk_add_column, x, v, y, rows, cols);
}
void vk_scale_rows(int dtype, const void *x, const void *v, void *y, long rows, long cols) {
  VK_CALL(vk_scale_rows, x, v, y, rows, cols);
}
void vk_masked_fill(int dtype, const void *x, const void *mask, double value, void *y, long n) {
  VK_CALL(vk_masked_fill, x, mask, value, y, n);
}
void vk_at_least_column(int dtype, const void *x, const void *v, void *y, long rows, long cols) {
  VK_CALL(vk_at_least_column, x, v, y, rows, cols);
}

const char *vk_instruction_set(void) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
    return "avx512";
  return __builtin_cpu_supports("avx2") ? "avx2" : "portable";
#elif defined(__aarch64__)
  return "neon";
#else
  return "portable";
#endif
}
