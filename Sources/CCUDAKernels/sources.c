#include "cuda_sources.h"

// Known to the compiler in every mode, and of C23 by its name.
#pragma clang diagnostic ignored "-Wc23-extensions"

// A file's bytes and a zero byte. One line a file; a new one is named here and in a table below.
static const char common_cuh[] = {
#embed "kernels/common.cuh"
  , 0};
static const char primitives_cuh[] = {
#embed "kernels/primitives.cuh"
  , 0};
static const char vectors_cuh[] = {
#embed "kernels/vectors.cuh"
  , 0};
static const char rows_cuh[] = {
#embed "kernels/rows.cuh"
  , 0};
static const char checks_cu[] = {
#embed "kernels/checks.cu"
  , 0};
static const char attention_tiles_cuh[] = {
#embed "kernels/attention_tiles.cuh"
  , 0};
static const char elementwise_cu[] = {
#embed "kernels/elementwise.cu"
  , 0};
static const char reductions_cu[] = {
#embed "kernels/reductions.cu"
  , 0};
static const char normalization_cu[] = {
#embed "kernels/normalization.cu"
  , 0};
static const char unit_rows_cu[] = {
#embed "kernels/unit_rows.cu"
  , 0};
static const char softmax_cu[] = {
#embed "kernels/softmax.cu"
  , 0};
static const char attention_cu[] = {
#embed "kernels/attention.cu"
  , 0};
static const char attention_backward_cu[] = {
#embed "kernels/attention_backward.cu"
  , 0};
static const char attention_backward_long_cu[] = {
#embed "kernels/attention_backward_long.cu"
  , 0};
static const char attention_general_cu[] = {
#embed "kernels/attention_general.cu"
  , 0};
static const char indexing_cu[] = {
#embed "kernels/indexing.cu"
  , 0};
static const char pixels_cu[] = {
#embed "kernels/pixels.cu"
  , 0};
static const char optimizer_cu[] = {
#embed "kernels/optimizer.cu"
  , 0};
static const char products_cu[] = {
#embed "kernels/products.cu"
  , 0};

const cuda_source cuda_headers[] = {
  {"common.cuh", common_cuh},
  {"primitives.cuh", primitives_cuh},
  {"vectors.cuh", vectors_cuh},
  {"rows.cuh", rows_cuh},
  {"attention_tiles.cuh", attention_tiles_cuh},
};
const size_t cuda_header_count = sizeof cuda_headers / sizeof *cuda_headers;

const cuda_source cuda_units[] = {
  {"checks.cu", checks_cu},
  {"elementwise.cu", elementwise_cu},
  {"reductions.cu", reductions_cu},
  {"normalization.cu", normalization_cu},
  {"unit_rows.cu", unit_rows_cu},
  {"softmax.cu", softmax_cu},
  {"attention.cu", attention_cu},
  {"attention_backward.cu", attention_backward_cu},
  {"attention_backward_long.cu", attention_backward_long_cu},
  {"attention_general.cu", attention_general_cu},
  {"indexing.cu", indexing_cu},
  {"pixels.cu", pixels_cu},
  {"optimizer.cu", optimizer_cu},
  {"products.cu", products_cu},
};
const size_t cuda_unit_count = sizeof cuda_units / sizeof *cuda_units;
