// Vector loops of the CPU worker: plain C that the compiler vectorises, one clone per instruction set, chosen at
// run time by the loader. Every array is dense and row-major. `dtype` is VK_FLOAT32 or VK_FLOAT64,
// and where it says so VK_BFLOAT16: float64 exists so that every operator can be held against finite differences. Nothing
// here allocates but vk_sort_rows.
#pragma once
#include <stdint.h>

enum { VK_FLOAT32 = 0, VK_FLOAT64 = 1, VK_BFLOAT16 = 2 /* where a kernel says so */ };

enum {
  VK_RELU, VK_LEAKY_RELU /* slope in `a` */, VK_QUICK_GELU, VK_GELU, VK_SIGMOID, VK_EXP, VK_LOG, VK_SQRT,
  VK_RECIPROCAL, VK_CLAMP_MIN /* bound in `a` */, VK_AFFINE /* a·x + b */
};

// The instruction set that the clones below were chosen for: "avx512", "avx2", "neon" or "portable".
const char *vk_instruction_set(void);

// elementwise.c
void vk_convert(int dtype, const void *x, int target, void *y, long n);                      // between all formats
void vk_fill(int dtype, void *y, double value, long n);                                       // in any format
void vk_scaled_add(int dtype, const void *x, double a, int target, void *y, long n);         // y += a·x, any formats
void vk_add(int dtype, const void *a, const void *b, void *y, long n);                        // in any format
void vk_subtract(int dtype, const void *a, const void *b, void *y, long n);
void vk_multiply(int dtype, const void *a, const void *b, void *y, long n);
// VK_QUICK_GELU and its derivative in any format.
void vk_unary(int dtype, int kind, double a, double b, const void *x, void *y, long n);
// dx = dy · f'(x), from the input x and the output y.
void vk_unary_backward(int dtype, int kind, double a, double b, const void *x, const void *y, const void *dy,
                       void *dx, long n);
// In any format: y = x·σ(1.702x) and dx = dy · y'(x); dx may be dy.
void vk_quick_gelu_backward(int dtype, const void *x, const void *dy, void *y, void *dx, long n);
void vk_add_suffix(int dtype, const void *x, const void *b, void *y, long rows, long cols);  // y[r] = x[r] + b
void vk_repeat_row(int dtype, const void *b, void *y, long rows, long cols);                 // y[r] = b, in any format
void vk_add_column(int dtype, const void *x, const void *v, void *y, long rows, long cols);  // y[r,c] = x[r,c] + v[r]
void vk_scale_rows(int dtype, const void *x, const void *v, void *y, long rows, long cols);  // y[r,c] = x[r,c] · v[r]
// y = x where mask is 0, `value` elsewhere.
void vk_masked_fill(int dtype, const void *x, const void *mask, double value, void *y, long n);
void vk_at_least_column(int dtype, const void *x, const void *v, void *y, long rows, long cols);  // x[r,c] >= v[r]

// reduction.c
double vk_sum(int dtype, const void *x, long n);
double vk_sum_of_squares(int dtype, const void *x, long n);
double vk_count_positive(int dtype, const void *x, long n);
int vk_all_finite(int dtype, const void *x, long n);
void vk_row_sums(int dtype, const void *x, void *y, long rows, long cols);
void vk_row_dots(int dtype, const void *a, const void *b, void *y, long rows, long cols);
// x may be bfloat16; y is float32 then.
void vk_column_sums(int dtype, const void *x, void *y, long rows, long cols, int accumulate);
// x (outer, axis, inner) -> y (outer, inner)
void vk_sum_axis(int dtype, const void *x, void *y, long outer, long axis, long inner);

// normalization.c
// sum = x + update (`sum` is x where `update` is null), y = γ·(sum − mean)·rstd + β. update and y may be bfloat16.
void vk_layer_norm(int dtype, const void *x, int update_dtype, const void *update, const void *gamma, const void *beta,
                   double eps, void *sum, int result_dtype, void *y, void *mean, void *rstd, long rows, long cols);
// y of vk_layer_norm again, to the bit.
void vk_normalize(int dtype, const void *x, const void *gamma, const void *beta, const void *mean, const void *rstd,
                  int result_dtype, void *y, long rows, long cols);
// dx = ∂/∂x + addend (null: nothing; it may be dx); dgamma and dbeta are added to. dy may be bfloat16.
void vk_layer_norm_backward(int dtype, const void *x, const void *gamma, const void *mean, const void *rstd,
                            int dy_dtype, const void *dy, const void *addend, void *dx, void *dgamma, void *dbeta,
                            long rows, long cols);
void vk_unit_rows(int dtype, const void *x, double eps, void *y, void *norm, long rows, long cols);
void vk_unit_rows_backward(int dtype, const void *y, const void *norm, const void *dy, double eps, void *dx,
                           long rows, long cols);

// softmax.c
void vk_softmax(int dtype, const void *x, void *y, long rows, long cols);
void vk_softmax_backward(int dtype, const void *y, const void *dy, void *dx, long rows, long cols);
void vk_log_softmax(int dtype, const void *x, void *y, long rows, long cols);
void vk_log_softmax_backward(int dtype, const void *y, const void *dy, void *dx, long rows, long cols);
// In place: s = softmax(scale·s + bias). bias (or null) has a row of `cols` for query r at bias + r·bias_stride.
void vk_attention_softmax(int dtype, void *s, const void *bias, long bias_stride, double scale, long rows, long cols);
// In place: dp -> ds = p·(dp − Σ p·dp); dbias (or null) is added ds; then ds is scaled.
void vk_attention_softmax_backward(int dtype, const void *p, void *dp, void *dbias, long bias_stride, double scale,
                                   long rows, long cols);

// attention.c, attention_backward.c: softmax(q·kᵀ/√width + bias)·v of heads `first` ..< `last`, counted through all
// items; rows in `dtype`, float32 or bfloat16, all between in float32. Nothing is kept for the backward pass.
typedef struct {
  int dtype;
  long heads, queries, keys, width;  // width of one head
  int bias_has_batch, bias_has_queries;  // whether there is a bias for every item, and a row for every query
} vk_attention_shape;
// Where the rows of the first head of the first item begin, and elements from a row to the next; those of the other
// heads lie beside them, those of the other items below.
typedef struct {
  void *rows;
  long stride;
} vk_attention_rows;
// float32 numbers that a call of vk_attention needs, and one of vk_attention_backward.
long vk_attention_scratch(const vk_attention_shape *shape);
long vk_attention_backward_scratch(const vk_attention_shape *shape);
void vk_attention(const vk_attention_shape *shape, vk_attention_rows query, vk_attention_rows key,
                  vk_attention_rows value, const float *bias, vk_attention_rows result, long first, long last,
                  float *scratch);
// dquery, dkey and dvalue are overwritten.
void vk_attention_backward(const vk_attention_shape *shape, vk_attention_rows query, vk_attention_rows key,
                           vk_attention_rows value, const float *bias, vk_attention_rows dy, vk_attention_rows dquery,
                           vk_attention_rows dkey, vk_attention_rows dvalue, long first, long last, float *scratch);

// indexing.c: rows are gathered and added in any format.
void vk_gather_rows(int dtype, const void *x, const int32_t *index, void *y, long count, long cols);  // -1: zeros
void vk_scatter_add_rows(int dtype, const void *dy, const int32_t *index, void *dx, long count, long cols);
void vk_gather_last(int dtype, const void *x, const int32_t *index, void *y, long rows, long cols, long picks);
void vk_scatter_add_last(int dtype, const void *dy, const int32_t *index, void *dx, long rows, long cols, long picks);
// The first `picks` of every row in descending order (equal values: lower index first); 0, or -1 without memory.
int vk_sort_rows(int dtype, const void *x, void *values, int32_t *index, long rows, long cols, long picks);
void vk_transpose(int dtype, const void *x, void *y, long batch, long rows, long cols);

// optimizer.c: one pass of AdamW over float32 or float64 master weights; `operand` (bfloat16, or null) becomes the new
// weight.
void vk_adamw(int dtype, void *weight, const void *gradient, void *first, void *second, double gradient_scale,
              double rate, double beta1, double beta2, double eps, double decay, double correction1, double correction2,
              void *operand, long n);

// random.c: the numbers of a RandomStream (Philox4x32-10 under `key`, counter (block, stream)) from number `first` on,
// which is even.
void vk_random_uniform(int dtype, uint64_t key, uint64_t stream, long first, double low, double high, void *y, long n);
void vk_random_normal(int dtype, uint64_t key, uint64_t stream, long first, double deviation, void *y, long n);

// pixels.c: planar RGB bytes (n, 3, size, size), or pictures of 4:2:0 planes (pixel_planes.c) by way of the very RGB
// bytes that vk_rgb_from_yuv420 makes -> normalised patches (n, grid·grid, 3·patch·patch), in any format.
enum { VK_RGB, VK_YUV420, VK_MAXIMUM_YUV420_SIZE = 1024 };
void vk_patches(int dtype, int layout, const uint8_t *bytes, void *y, long n, long size, long patch, const double *mean,
                const double *deviation);

// resize.c: both passes of Pillow's resize of 8-bit pictures. Output i is the sum of weights[i·taps + k] times input
// starts[i] + k, k < taps, in 22-bit fixed point, rounded to nearest and held within 0 … 255.
// x [rows, columns, channels], rows `stride` bytes apart -> y [channels, rows, outputs], rows `y_stride` and channels
// `plane` bytes apart. y is written up to the next multiple of 16 rows and outputs; scratch as vk_resize_scratch says.
void vk_resize_across(const uint8_t *x, long stride, long rows, long columns, long channels, const int32_t *starts,
                      const int32_t *weights, long taps, long outputs, uint8_t *y, long y_stride, long plane,
                      uint8_t *scratch);
long vk_resize_scratch(long columns, long channels, long outputs);
// x rows of `width` bytes, readable up to the next multiple of 64, `stride` apart -> y [outputs, width], dense.
void vk_resize_down(const uint8_t *x, long stride, const int32_t *starts, const int32_t *weights, long taps,
                    long outputs, uint8_t *y, long width);
// y = (scale·x + offset) >> 16, held within 0 … 255
void vk_scale_levels(const uint8_t *x, int32_t scale, int32_t offset, uint8_t *y, long n);

// pixel_planes.c: pictures as 4:2:0 planes, Y (size, size), Cb and Cr (half, half), half = ⌈size/2⌉; size <= 1024.
// Every value less the one above it, as codes of 8 bits; two neighbours' upper halves share a byte of `high`, their lower
// ones of `low`. `codes` has room for a picture, made even; `high` and `low` for half of that a picture.
void vk_residual_halves(const uint8_t *pictures, uint8_t *codes, uint8_t *high, uint8_t *low, long n, long size);
void vk_pictures_from_halves(const uint8_t *high, const uint8_t *low, uint8_t *pictures, long n, long size);
// One picture from and to planes red, green, blue (3, size, size).
void vk_yuv420_from_rgb(const uint8_t *rgb, uint8_t *yuv, long size);
void vk_rgb_from_yuv420(const uint8_t *yuv, uint8_t *rgb, long size);

// jpeg_scan.c: the entropy-coded data of a baseline JPEG of 4:2:0 planes.
enum { VK_JPEG_LOOK = 10, VK_JPEG_PADDING = 2048 };
typedef struct {
  uint32_t look[1 << VK_JPEG_LOOK];
  uint64_t limit[17];
  int32_t first[17];
  uint8_t symbols[256];
} vk_jpeg_codes;
// From a DHT segment: `counts` of codes of 1 … 16 bits and their 256 (or fewer, zeros behind) symbols. 0, or -1 where
// the table is not a regular one.
int vk_jpeg_huffman(const uint8_t *counts, const uint8_t *symbols, int is_dc, vk_jpeg_codes *codes);
// `data` behind the scan's header; of each component the codes (DC, AC) and the 64 quantisers in the file's order ->
// luma (16·rows, 16·columns), both colour planes (8·rows, 8·columns), of which rows 16·first … 16·last are written.
// scratch: n + VK_JPEG_PADDING bytes. The place of the marker that ends the data, or -1 where the data is not whole and
// regular; the planes are undefined then.
long vk_jpeg_scan(const uint8_t *data, long n, const vk_jpeg_codes *const *codes, const int16_t *const *quantisers,
                  long columns, long rows, long first, long last, uint8_t *luma, uint8_t *blue, uint8_t *red,
                  uint8_t *scratch);

// wire.c: float32 that travels as bfloat16. Each returns a sum of squares that costs no pass of its own.
double vk_wire_encode(const float *x, uint16_t *y, long n);  // y = x rounded; Σ (y − x)²
// y = Σ of `count` parts in their order, rounded; Σ (y − sum)². Part r is at parts + r·stride, part `self` is `own`.
double vk_wire_sum(const float *own, const uint16_t *parts, long stride, long count, long self, uint16_t *y, long n);
double vk_wire_decode(const uint16_t *x, float *y, long n);  // y = x; Σ y²
