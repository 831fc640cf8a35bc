// Attention of one head after another: everything that a head needs lies as float32 in `scratch`, small enough for the
// caches, and scores exist for a strip of queries at a time only.
#include "attention_lanes.h"
#include "attention_product.h"

enum { FORWARD_STRIP = 64, BACKWARD_STRIP = 64 };

// Queries are cut into strips of like heights.
VK_INLINE long strip_count(long queries, long most) { return (queries + most - 1) / most; }
VK_INLINE long strip_height(long queries, long most) {
  long strips = strip_count(queries, most);
  return strips ? (queries + strips - 1) / strips : 0;
}

// Rows in their tensor's format -> dense float32 rows of `padded` columns with zeros behind, and rows of zeros up to
// `padded_rows`.
VK_INLINE void gather(int dtype, const void *x, long stride, long rows, long width, float *y, long padded,
                      long padded_rows) {
  for (long r = 0; r < rows; r++, y += padded) {
    long c = 0;
    if (dtype == VK_BFLOAT16) {
      const uint16_t *row = (const uint16_t *)x + r * stride;
      for (; c + LANES <= width; c += LANES) lanes_store(y + c, lanes_of_bf16(row + c));
      for (; c < width; c++) y[c] = vk_float_of_bf16(row[c]);
    } else {
      const float *row = (const float *)x + r * stride;
      for (; c + LANES <= width; c += LANES) lanes_store(y + c, lanes_load(row + c));
      for (; c < width; c++) y[c] = row[c];
    }
    for (; c < padded; c++) y[c] = 0;
  }
  if (padded_rows > rows) memset(y, 0, (size_t)((padded_rows - rows) * padded) * sizeof(float));
}

// The reverse; row r times factors[r] where there are factors.
VK_INLINE void scatter(int dtype, const float *x, long padded, const float *factors, void *y, long stride, long rows,
                       long width) {
  for (long r = 0; r < rows; r++, x += padded) {
    float factor = factors ? factors[r] : 1;
    long c = 0;
    if (dtype == VK_BFLOAT16) {
      uint16_t *row = (uint16_t *)y + r * stride;
      for (; c + LANES <= width; c += LANES) *(lanes_u16 *)(row + c) = lanes_to_bf16(factor * lanes_load(x + c));
      for (; c < width; c++) row[c] = vk_bf16_of_float(factor * x[c]);
    } else {
      float *row = (float *)y + r * stride;
      for (; c + LANES <= width; c += LANES) lanes_store(row + c, factor * lanes_load(x + c));
      for (; c < width; c++) row[c] = factor * x[c];
    }
  }
}

// x (rows, columns), both multiples of 16 -> its transpose in panels of 64 columns, 64·columns apart.
VK_INLINE void transpose(const float *x, long rows, long columns, float *y) {
  for (long r = 0; r < rows; r += LANES) {
    long panel = r / PANEL * PANEL, width = rows - panel < PANEL ? rows - panel : PANEL;
    float *to = y + panel * columns + (r - panel);
    for (long c = 0; c < columns; c += LANES) lanes_transpose(x + r * columns + c, columns, to + c * width, width);
  }
}

// s = exp(scale·s + bias − their largest), whose sum is returned. Scores of -inf alone give NaN, as the formula does.
VK_INLINE float exponentials(float *s, const float *bias, float scale, long n) {
  lanes top = -INFINITY, sum = 0.0f;
  for (long c = 0; c < n; c += LANES) {
    lanes x = lanes_load(s + c) * scale + lanes_load(bias + c);
    lanes_store(s + c, x);
    top = lanes_max(x, top);
  }
  float most = lanes_top(top);
  for (long c = 0; c < n; c += LANES) {
    lanes e = lanes_exp(lanes_load(s + c) - most);
    lanes_store(s + c, e);
    sum += e;
  }
  return lanes_sum(sum);
}
VK_INLINE float row_exponentials(float *s, const float *bias, float scale, long n) {
  return n == PANEL ? exponentials(s, bias, scale, PANEL) : exponentials(s, bias, scale, n);
}

// ds = p·(dp − Σ p·dp)·scale in place of dp, and p = factor·e in place of e.
VK_INLINE void softmax_backward(float *e, float *dp, float factor, float scale, long n) {
  lanes sum = 0.0f;
  for (long c = 0; c < n; c += LANES) {
    lanes p = lanes_load(e + c) * factor;
    lanes_store(e + c, p);
    sum += p * lanes_load(dp + c);
  }
  float dot = lanes_sum(sum);
  for (long c = 0; c < n; c += LANES)
    lanes_store(dp + c, lanes_load(e + c) * ((lanes_load(dp + c) - dot) * scale));
}
VK_INLINE void row_softmax_backward(float *e, float *dp, float factor, float scale, long n) {
  if (n == PANEL) softmax_backward(e, dp, factor, scale, PANEL);
  else softmax_backward(e, dp, factor, scale, n);
}

// A bias of `keys` numbers (zeros where there is none), -inf behind.
VK_INLINE void set_bias(float *y, const float *bias, long keys, long padded) {
  if (bias) memcpy(y, bias, (size_t)keys * sizeof(float));
  else memset(y, 0, (size_t)keys * sizeof(float));
  for (long c = keys; c < padded; c++) y[c] = -INFINITY;
}

VK_INLINE long element_bytes(int dtype) { return dtype == VK_BFLOAT16 ? 2 : 4; }

// The rows of one head of one item.
VK_INLINE void *head_rows(int dtype, vk_attention_rows x, long item, long head, long rows, long width) {
  return (char *)x.rows + (item * rows * x.stride + head * width) * element_bytes(dtype);
}
VK_INLINE const float *item_bias(const vk_attention_shape *s, const float *bias, long item) {
  if (!bias) return NULL;
  return s->bias_has_batch ? bias + item * (s->bias_has_queries ? s->queries : 1) * s->keys : bias;
}

// The exponentials of a strip's scores, and 1/sum of every row.
VK_INLINE void strip_exponentials(const vk_attention_shape *s, const float *query, const float *key_panels,
                                  const float *bias, float *bias_row, float *scores, float *inverse, long rows) {
  long keys = lanes_rounded_up(s->keys), width = lanes_rounded_up(s->width);
  float scale = (float)(1 / sqrt((double)s->width));
  vk_attention_product(query, width, key_panels, 0, PANEL * width, scores, keys, rows, keys, s->width, 0);
  for (long r = 0; r < rows; r++) {
    if (s->bias_has_queries) set_bias(bias_row, bias + r * s->keys, s->keys, keys);
    inverse[r] = 1 / row_exponentials(scores + r * keys, bias_row, scale, keys);
  }
}

long vk_attention_scratch(const vk_attention_shape *s) {
  long keys = lanes_rounded_up(s->keys), width = lanes_rounded_up(s->width);
  long strip = strip_height(s->queries, FORWARD_STRIP);
  return keys * width * 2 + strip * (2 * width + keys) + keys + lanes_rounded_up(strip);
}

VK_CLONES void vk_attention(const vk_attention_shape *s, vk_attention_rows query, vk_attention_rows key,
                            vk_attention_rows value, const float *bias, vk_attention_rows result, long first, long last,
                            float *scratch) {
  int dtype = s->dtype;
  long keys = lanes_rounded_up(s->keys), width = lanes_rounded_up(s->width);
  long strip = strip_height(s->queries, FORWARD_STRIP);
  float *key_panels = scratch, *values = key_panels + keys * width, *queries = values + keys * width;
  float *sums = queries + strip * width, *scores = sums + strip * width, *bias_row = scores + strip * keys;
  float *inverse = bias_row + keys;
  for (long n = first; n < last; n++) {
    long item = n / s->heads, head = n % s->heads;
    const void *q = head_rows(dtype, query, item, head, s->queries, s->width);
    void *y = head_rows(dtype, result, item, head, s->queries, s->width);
    gather(dtype, head_rows(dtype, key, item, head, s->keys, s->width), key.stride, s->keys, s->width, values, width,
           keys);
    transpose(values, keys, width, key_panels);
    gather(dtype, head_rows(dtype, value, item, head, s->keys, s->width), value.stride, s->keys, s->width, values,
           width, s->keys);
    const float *own_bias = item_bias(s, bias, item);
    if (!s->bias_has_queries) set_bias(bias_row, own_bias, s->keys, keys);
    for (long row = 0; row < s->queries; row += strip) {
      long rows = s->queries - row < strip ? s->queries - row : strip;
      gather(dtype, (const char *)q + row * query.stride * element_bytes(dtype), query.stride, rows, s->width, queries,
             width, rows);
      strip_exponentials(s, queries, key_panels, s->bias_has_queries ? own_bias + row * s->keys : NULL, bias_row,
                         scores, inverse, rows);
      vk_attention_product(scores, keys, values, width, 0, sums, width, rows, width, s->keys, 0);
      scatter(dtype, sums, width, inverse, (char *)y + row * result.stride * element_bytes(dtype), result.stride, rows,
              s->width);
    }
  }
}

long vk_attention_backward_scratch(const vk_attention_shape *s) {
  long keys = lanes_rounded_up(s->keys), width = lanes_rounded_up(s->width);
  long strip = strip_height(s->queries, BACKWARD_STRIP);
  return keys * width * 5 + strip * (3 * width + 2 * keys) + keys + lanes_rounded_up(strip);
}

VK_CLONES void vk_attention_backward(const vk_attention_shape *s, vk_attention_rows query, vk_attention_rows key,
                                     vk_attention_rows value, const float *bias, vk_attention_rows dy,
                                     vk_attention_rows dquery, vk_attention_rows dkey, vk_attention_rows dvalue,
                                     long first, long last, float *scratch) {
  int dtype = s->dtype;
  long keys = lanes_rounded_up(s->keys), width = lanes_rounded_up(s->width), bytes = element_bytes(dtype);
  long strip = strip_height(s->queries, BACKWARD_STRIP);
  float scale = (float)(1 / sqrt((double)s->width));
  float *key_rows = scratch, *key_panels = key_rows + keys * width, *value_panels = key_panels + keys * width;
  float *dkeys = value_panels + keys * width, *dvalues = dkeys + keys * width, *queries = dvalues + keys * width;
  float *dsums = queries + strip * width, *dqueries = dsums + strip * width, *scores = dqueries + strip * width;
  float *dscores = scores + strip * keys, *bias_row = dscores + strip * keys, *inverse = bias_row + keys;
  for (long n = first; n < last; n++) {
    long item = n / s->heads, head = n % s->heads;
    const char *q = head_rows(dtype, query, item, head, s->queries, s->width);
    const char *dout = head_rows(dtype, dy, item, head, s->queries, s->width);
    char *dq = head_rows(dtype, dquery, item, head, s->queries, s->width);
    gather(dtype, head_rows(dtype, value, item, head, s->keys, s->width), value.stride, s->keys, s->width, key_rows,
           width, keys);
    transpose(key_rows, keys, width, value_panels);
    gather(dtype, head_rows(dtype, key, item, head, s->keys, s->width), key.stride, s->keys, s->width, key_rows, width,
           keys);
    transpose(key_rows, keys, width, key_panels);
    const float *own_bias = item_bias(s, bias, item);
    if (!s->bias_has_queries) set_bias(bias_row, own_bias, s->keys, keys);
    for (long row = 0; row < s->queries; row += strip) {
      long rows = s->queries - row < strip ? s->queries - row : strip;
      gather(dtype, q + row * query.stride * bytes, query.stride, rows, s->width, queries, width, rows);
      gather(dtype, dout + row * dy.stride * bytes, dy.stride, rows, s->width, dsums, width, rows);
      strip_exponentials(s, queries, key_panels, s->bias_has_queries ? own_bias + row * s->keys : NULL, bias_row,
                         scores, inverse, rows);
      vk_attention_product(dsums, width, value_panels, 0, PANEL * width, dscores, keys, rows, keys, s->width, 0);
      for (long r = 0; r < rows; r++)
        row_softmax_backward(scores + r * keys, dscores + r * keys, inverse[r], scale, keys);
      vk_attention_product(dscores, keys, key_rows, width, 0, dqueries, width, rows, width, s->keys, 0);
      scatter(dtype, dqueries, width, NULL, dq + row * dquery.stride * bytes, dquery.stride, rows, s->width);
      vk_attention_product_transposed(dscores, keys, queries, width, 0, dkeys, width, s->keys, width, rows, row > 0);
      vk_attention_product_transposed(scores, keys, dsums, width, 0, dvalues, width, s->keys, width, rows, row > 0);
    }
    scatter(dtype, dkeys, width, NULL, head_rows(dtype, dkey, item, head, s->keys, s->width), dkey.stride, s->keys,
            s->width);
    scatter(dtype, dvalues, width, NULL, head_rows(dtype, dvalue, item, head, s->keys, s->width), dvalue.stride,
            s->keys, s->width);
  }
}
