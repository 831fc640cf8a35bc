// The gradients of attention, one head after another: the probabilities of a strip of queries are computed again, and
// what it adds to the gradients of keys and values is summed in scratch.
#include "attention_head.h"

enum { STRIP = 64 };

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

long vk_attention_backward_scratch(const vk_attention_shape *s) {
  long keys = lanes_rounded_up(s->keys), width = lanes_rounded_up(s->width);
  long strip = strip_height(s->queries, STRIP);
  return keys * width * 5 + strip * (3 * width + 2 * keys) + keys + lanes_rounded_up(strip);
}

VK_CLONES void vk_attention_backward(const vk_attention_shape *s, vk_attention_rows query, vk_attention_rows key,
                                     vk_attention_rows value, const float *bias, vk_attention_rows dy,
                                     vk_attention_rows dquery, vk_attention_rows dkey, vk_attention_rows dvalue,
                                     long first, long last, float *scratch) {
  long keys = lanes_rounded_up(s->keys), width = lanes_rounded_up(s->width);
  long strip = strip_height(s->queries, STRIP);
  float scale = (float)(1 / sqrt((double)s->width));
  float *key_rows = scratch, *key_panels = key_rows + keys * width, *value_panels = key_panels + keys * width;
  float *dkeys = value_panels + keys * width, *dvalues = dkeys + keys * width, *queries = dvalues + keys * width;
  float *dsums = queries + strip * width, *dqueries = dsums + strip * width, *scores = dqueries + strip * width;
  float *dscores = scores + strip * keys, *bias_row = dscores + strip * keys, *inverse = bias_row + keys;
  for (long head = first; head < last; head++) {
    upcoming next = {0};
    if (head + 1 < last) {
      expect(&next, s, query, head + 1, s->queries);
      expect(&next, s, key, head + 1, s->keys);
      expect(&next, s, value, head + 1, s->keys);
      expect(&next, s, dy, head + 1, s->queries);
      expect(&next, s, dquery, head + 1, s->queries);
      expect(&next, s, dkey, head + 1, s->keys);
      expect(&next, s, dvalue, head + 1, s->keys);
    }
    vk_attention_rows q = head_rows(s, query, head, s->queries), dq = head_rows(s, dquery, head, s->queries);
    vk_attention_rows dout = head_rows(s, dy, head, s->queries);
    gather(s, head_rows(s, value, head, s->keys), 0, s->keys, key_rows, keys);
    transpose(key_rows, keys, width, value_panels);
    gather(s, head_rows(s, key, head, s->keys), 0, s->keys, key_rows, keys);
    transpose(key_rows, keys, width, key_panels);
    const float *own_bias = head_bias(s, bias, head);
    if (!s->bias_has_queries) set_bias(bias_row, own_bias, s->keys, keys);
    for (long row = 0; row < s->queries; row += strip) {
      long rows = s->queries - row < strip ? s->queries - row : strip;
      gather(s, q, row, rows, queries, rows);
      gather(s, dout, row, rows, dsums, rows);
      strip_exponentials(s, queries, key_panels, own_bias, bias_row, scores, inverse, row, rows, &next);
      vk_attention_product(dsums, width, value_panels, 0, PANEL * width, dscores, keys, rows, keys, s->width, 0);
      for (long r = 0; r < rows; r++) {
        float *e = scores + r * keys, *dp = dscores + r * keys;
        if (keys == PANEL) softmax_backward(e, dp, inverse[r], scale, PANEL);
        else softmax_backward(e, dp, inverse[r], scale, keys);
      }
      vk_attention_product(dscores, keys, key_rows, width, 0, dqueries, width, rows, width, s->keys, 0);
      scatter(s, dqueries, NULL, dq, row, rows);
      vk_attention_product_transposed(dscores, keys, queries, width, 0, dkeys, width, s->keys, width, rows, row > 0);
      vk_attention_product_transposed(scores, keys, dsums, width, 0, dvalues, width, s->keys, width, rows, row > 0);
    }
    scatter(s, dkeys, NULL, head_rows(s, dkey, head, s->keys), 0, s->keys);
    scatter(s, dvalues, NULL, head_rows(s, dvalue, head, s->keys), 0, s->keys);
  }
}
