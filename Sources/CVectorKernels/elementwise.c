#include "generic.h"

#define VK_FILE "elementwise.inc"
#include "instantiate.inc"

#define VK_FILE "elementwise_any.inc"
#include "instantiate_any.inc"

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
  if (dtype == target) memcpy(y, x, (size_t)n * vk_width(dtype));
  else if (target == VK_FLOAT64) dtype == VK_BFLOAT16 ? widen_bf16_f64(x, y, n) : widen(x, y, n);
  else if (target == VK_BFLOAT16) dtype == VK_FLOAT64 ? narrow_f64_bf16(x, y, n) : narrow_bf16(x, y, n);
  else dtype == VK_BFLOAT16 ? widen_bf16(x, y, n) : narrow(x, y, n);
}

// y += a·x between formats.
#define SAME(x) (x)
#define SCALED_ADD(name, X, LOAD_X, Y, LOAD_Y, STORE_Y, T)                                              \
  VK_CLONES static void name(const X *x, double a, Y *y, long n) {                                      \
    T scale = (T)a;                                                                                     \
    VK_SIMD for (long i = 0; i < n; i++) y[i] = STORE_Y((T)LOAD_Y(y[i]) + scale * (T)LOAD_X(x[i]));      \
  }
SCALED_ADD(scaled_add_f32_f32, float, SAME, float, SAME, SAME, float)
SCALED_ADD(scaled_add_f64_f32, double, SAME, float, SAME, (float), double)
SCALED_ADD(scaled_add_bf16_f32, uint16_t, vk_float_of_bf16, float, SAME, SAME, float)
SCALED_ADD(scaled_add_f32_f64, float, SAME, double, SAME, SAME, double)
SCALED_ADD(scaled_add_f64_f64, double, SAME, double, SAME, SAME, double)
SCALED_ADD(scaled_add_bf16_f64, uint16_t, vk_float_of_bf16, double, SAME, SAME, double)
SCALED_ADD(scaled_add_f32_bf16, float, SAME, uint16_t, vk_float_of_bf16, vk_bf16_of_float, float)
SCALED_ADD(scaled_add_f64_bf16, double, SAME, uint16_t, vk_float_of_bf16, vk_bf16_of_float, float)
SCALED_ADD(scaled_add_bf16_bf16, uint16_t, vk_float_of_bf16, uint16_t, vk_float_of_bf16, vk_bf16_of_float, float)
#define SCALED_ADD_OF(format)                                              \
  do {                                                                     \
    if (dtype == VK_FLOAT32) scaled_add_f32_##format(x, a, y, n);          \
    else if (dtype == VK_FLOAT64) scaled_add_f64_##format(x, a, y, n);     \
    else scaled_add_bf16_##format(x, a, y, n);                             \
  } while (0)
void vk_scaled_add(int dtype, const void *x, double a, int target, void *y, long n) {
  if (target == VK_FLOAT32) SCALED_ADD_OF(f32);
  else if (target == VK_FLOAT64) SCALED_ADD_OF(f64);
  else SCALED_ADD_OF(bf16);
}

void vk_fill(int dtype, void *y, double value, long n) {
  if (value == 0 && !signbit(value)) memset(y, 0, (size_t)n * vk_width(dtype));  // past the caches where it is long
  else VK_CALL_ANY(vk_fill, y, value, n);
}
void vk_add(int dtype, const void *a, const void *b, void *y, long n) { VK_CALL_ANY(vk_add, a, b, y, n); }
void vk_subtract(int dtype, const void *a, const void *b, void *y, long n) { VK_CALL(vk_subtract, a, b, y, n); }
void vk_multiply(int dtype, const void *a, const void *b, void *y, long n) { VK_CALL(vk_multiply, a, b, y, n); }
void vk_unary(int dtype, int kind, double a, double b, const void *x, void *y, long n) {
  if (kind == VK_QUICK_GELU) VK_CALL_ANY(vk_quick_gelu, x, y, n);
  else VK_CALL(vk_unary, kind, a, b, x, y, n);
}
void vk_unary_backward(int dtype, int kind, double a, double b, const void *x, const void *y, const void *dy,
                       void *dx, long n) {
  if (kind == VK_QUICK_GELU) VK_CALL_ANY(vk_quick_gelu_backward, x, dy, NULL, dx, n);
  else VK_CALL(vk_unary_backward, kind, a, b, x, y, dy, dx, n);
}
void vk_quick_gelu_backward(int dtype, const void *x, const void *dy, void *y, void *dx, long n) {
  VK_CALL_ANY(vk_quick_gelu_backward, x, dy, y, dx, n);
}
void vk_add_suffix(int dtype, const void *x, const void *b, void *y, long rows, long cols) {
  VK_CALL(vk_add_suffix, x, b, y, rows, cols);
}
void vk_repeat_row(int dtype, const void *b, void *y, long rows, long cols) {
  size_t width = (size_t)cols * vk_width(dtype);
  for (long r = 0; r < rows; r++) memcpy((char *)y + (size_t)r * width, b, width);
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
