// Attention of one head after another; scores exist for a strip of queries at a time only.
#include "attention_head.h"

enum { STRIP = 12 };

long vk_attention_scratch(const vk_attention_shape *s) {
  long keys = lanes_rounded_up(s->keys), width = lanes_rounded_up(s->width);
  long strip = strip_height(s->queries, STRIP);
  return keys * width * 2 + strip * (2 * width + keys) + keys + lanes_rounded_up(strip);
}

VK_CLONES void vk_attention(const vk_attention_shape *s, vk_attention_rows query, vk_attention_rows key,
                            vk_attention_rows value, const float *bias, vk_attention_rows result, long first, long last,
                            float *scratch) {
  long keys = lanes_rounded_up(s->keys), width = lanes_rounded_up(s->width);
  long strip = strip_height(s->queries, STRIP);
  float *key_panels = scratch, *values = key_panels + keys * width, *queries = values + keys * width;
  float *sums = queries + strip * width, *scores = sums + strip * width, *bias_row = scores + strip * keys;
  float *inverse = bias_row + keys;
  for (long head = first; head < last; head++) {
    upcoming next = {0};
    if (head + 1 < last) {
      expect(&next, s, query, head + 1, s->queries);
      expect(&next, s, key, head + 1, s->keys);
      expect(&next, s, value, head + 1, s->keys);
      expect(&next, s, result, head + 1, s->queries);
    }
    vk_attention_rows q = head_rows(s, query, head, s->queries), y = head_rows(s, result, head, s->queries);
    gather(s, head_rows(s, key, head, s->keys), 0, s->keys, values, keys);
    transpose(values, keys, width, key_panels);
    gather(s, head_rows(s, value, head, s->keys), 0, s->keys, values, s->keys);
    const float *own_bias = head_bias(s, bias, head);
    if (!s->bias_has_queries) set_bias(bias_row, own_bias, s->keys, keys);
    for (long row = 0; row < s->queries; row += strip) {
      long rows = s->queries - row < strip ? s->queries - row : strip;
      gather(s, q, row, rows, queries, rows);
      strip_exponentials(s, queries, key_panels, own_bias, bias_row, scores, inverse, row, rows, &next);
      vk_attention_product(scores, keys, values, width, 0, sums, width, rows, width, s->keys, 0);
      scatter(s, sums, inverse, y, row, rows);
    }
  }
}
