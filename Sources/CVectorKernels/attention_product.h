#pragma once

// c = a·b, c += a·b where `accumulate`: (rows × inner)·(inner × columns), row-major with strides in elements; columns
// is a multiple of 16. b lies either as one matrix of b_stride or, where panel_stride is not 0, as panels of 64
// columns (the last perhaps of fewer) that are panel_stride apart and dense in themselves.
void vk_attention_product(const float *a, long a_stride, const float *b, long b_stride, long panel_stride, float *c,
                          long c_stride, long rows, long columns, long inner, int accumulate);
// The same with aᵀ, stored as (inner × rows).
void vk_attention_product_transposed(const float *a, long a_stride, const float *b, long b_stride, long panel_stride,
                                     float *c, long c_stride, long rows, long columns, long inner, int accumulate);
