// The steps of attention over one head, which lies in scratch as dense float32 rows of a multiple of 16 columns.
#pragma once
#include "attention_lanes.h"
#include "attention_product.h"

// Queries are cut into strips of like heights, of at most `most`.
VK_INLINE long strip_height(long queries, long most) {
  long strips = (queries + most - 1) / most;
  return strips ? (queries + strips - 1) / strips : 0;
}

VK_INLINE long element_bytes(int dtype) { return dtype == VK_BFLOAT16 ? 2 : 4; }

// The rows of head `head`, counted through all items of `count` rows.
VK_INLINE vk_attention_rows head_rows(const vk_attention_shape *s, vk_attention_rows x, long head, long count) {
  long begin = head / s->heads * count * x.stride + head % s->heads * s->width;
  x.rows = (char *)x.rows + begin * element_bytes(s->dtype);
  return x;
}

// Rows first ..< first + count of a head -> scratch, and rows of zeros up to `padded_count`.
VK_INLINE void gather(const vk_attention_shape *s, vk_attention_rows x, long first, long count, float *y,
                      long padded_count) {
  long width = s->width, padded = lanes_rounded_up(width);
  for (long r = 0; r < count; r++, y += padded) {
    long c = 0;
    if (s->dtype == VK_BFLOAT16) {
      const uint16_t *row = (const uint16_t *)x.rows + (first + r) * x.stride;
      for (; c + LANES <= width; c += LANES) lanes_store(y + c, lanes_of_bf16(row + c));
      for (; c < width; c++) y[c] = vk_float_of_bf16(row[c]);
    } else {
      const float *row = (const float *)x.rows + (first + r) * x.stride;
      for (; c + LANES <= width; c += LANES) lanes_store(y + c, lanes_load(row + c));
      for (; c < width; c++) y[c] = row[c];
    }
    for (; c < padded; c++) y[c] = 0;
  }
  if (padded_count > count) memset(y, 0, (size_t)((padded_count - count) * padded) * sizeof(float));
}

// The reverse; row r times factors[r] where there are factors.
VK_INLINE void scatter(const vk_attention_shape *s, const float *x, const float *factors, vk_attention_rows y,
                       long first, long count) {
  long width = s->width, padded = lanes_rounded_up(width);
  for (long r = 0; r < count; r++, x += padded) {
    float factor = factors ? factors[r] : 1;
    long c = 0;
    if (s->dtype == VK_BFLOAT16) {
      uint16_t *row = (uint16_t *)y.rows + (first + r) * y.stride;
      for (; c + LANES <= width; c += LANES) *(lanes_u16 *)(row + c) = lanes_to_bf16(factor * lanes_load(x + c));
      for (; c < width; c++) row[c] = vk_bf16_of_float(factor * x[c]);
    } else {
      float *row = (float *)y.rows + (first + r) * y.stride;
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

// A bias of `keys` numbers (zeros where there is none), -inf behind.
VK_INLINE void set_bias(float *y, const float *bias, long keys, long padded) {
  if (bias) memcpy(y, bias, (size_t)keys * sizeof(float));
  else memset(y, 0, (size_t)keys * sizeof(float));
  for (long c = keys; c < padded; c++) y[c] = -INFINITY;
}

VK_INLINE const float *head_bias(const vk_attention_shape *s, const float *bias, long head) {
  if (!bias || !s->bias_has_batch) return bias;
  return bias + head / s->heads * (s->bias_has_queries ? s->queries : 1) * s->keys;
}

// What the next head reads and writes, fetched into the second cache while this one is computed: its rows lie a token
// apart, too far for the processor to guess. Measured at 50 tokens: a fifth of the forward pass.
enum { UPCOMING_BLOCKS = 7 };
typedef struct {
  long bytes;  // of a row
  int count;
  struct {
    const char *rows;
    long stride, count, per_query;
  } blocks[UPCOMING_BLOCKS];
} upcoming;

VK_INLINE void expect(upcoming *u, const vk_attention_shape *s, vk_attention_rows x, long head, long rows) {
  long bytes = element_bytes(s->dtype), block = u->count++;
  u->bytes = s->width * bytes;
  u->blocks[block].rows = head_rows(s, x, head, rows).rows;
  u->blocks[block].stride = x.stride * bytes;
  u->blocks[block].count = rows;
  u->blocks[block].per_query = (rows + s->queries - 1) / s->queries;
}

// The part of it that falls to query `row` of this head.
VK_INLINE void fetch(const upcoming *u, long row) {
  for (int i = 0; i < u->count; i++) {
    long first = row * u->blocks[i].per_query, last = first + u->blocks[i].per_query;
    if (last > u->blocks[i].count) last = u->blocks[i].count;
    for (long r = first; r < last; r++)
      for (long b = 0; b < u->bytes; b += 64)
        __builtin_prefetch(u->blocks[i].rows + r * u->blocks[i].stride + b, 0, 2);
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

// The exponentials of the scores of `rows` queries from the head's query `first` on, and 1 over the sum of every row.
// `bias` is the head's; `bias_row` is set already where queries share it.
VK_INLINE void strip_exponentials(const vk_attention_shape *s, const float *query, const float *key_panels,
                                  const float *bias, float *bias_row, float *scores, float *inverse, long first,
                                  long rows, const upcoming *next) {
  long keys = lanes_rounded_up(s->keys), width = lanes_rounded_up(s->width);
  float scale = (float)(1 / sqrt((double)s->width));
  vk_attention_product(query, width, key_panels, 0, PANEL * width, scores, keys, rows, keys, s->width, 0);
  for (long r = 0; r < rows; r++) {
    if (s->bias_has_queries) set_bias(bias_row, bias + (first + r) * s->keys, s->keys, keys);
    fetch(next, first + r);
    float *x = scores + r * keys;
    inverse[r] = 1 / (keys == PANEL ? exponentials(x, bias_row, scale, PANEL) : exponentials(x, bias_row, scale, keys));
  }
}
