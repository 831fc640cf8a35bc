// Matrix products: libcublasLt.so.13 or .12 (https://docs.nvidia.com/cuda/cublas/, "Using the cuBLASLt API").
#pragma once
#include <stddef.h>
#include <stdint.h>

// Where NVIDIA's own header comes first, its types stand in: so the prototypes are compared.
#ifndef CUBLAS_VER_MAJOR
// 0 is success.
typedef int cublasStatus_t;
typedef int cublasComputeType_t;
typedef int cudaDataType_t;
typedef int cudaDataType;
typedef struct cublasLtContext *cublasLtHandle_t;
typedef struct cublasLtMatmulDesc *cublasLtMatmulDesc_t;
typedef struct cublasLtMatrixLayout *cublasLtMatrixLayout_t;
typedef struct cublasLtMatmulPreference *cublasLtMatmulPreference_t;
typedef int cublasLtMatmulDescAttributes_t;
typedef int cublasLtMatrixLayoutAttribute_t;
typedef int cublasLtMatmulPreferenceAttributes_t;
typedef int cublasLtMatmulAlgoConfigAttributes_t;
// As CUstream of the driver.
typedef struct CUstream_st *cudaStream_t;

typedef struct {
  uint64_t data[8];
} cublasLtMatmulAlgo_t;

typedef struct {
  cublasLtMatmulAlgo_t algo;
  size_t workspaceSize;
  cublasStatus_t state;
  float wavesCount;
  int reserved[4];
} cublasLtMatmulHeuristicResult_t;
#endif

enum {
  nvidia_blas_invalid_value = 7,
  nvidia_blas_not_supported = 15,

  nvidia_type_float32 = 0,
  nvidia_type_float64 = 1,
  nvidia_type_bfloat16 = 14,

  // Sums in true float32, not TF32, and in float64.
  nvidia_compute_float32 = 68,
  nvidia_compute_float64 = 70,

  // Attributes, with the types of their values.
  nvidia_product_transpose_a = 3,     // int32_t
  nvidia_product_transpose_b = 4,     // int32_t
  nvidia_product_epilogue = 7,        // uint32_t
  nvidia_product_bias_pointer = 8,    // const void *
  nvidia_product_bias_type = 26,      // int32_t
  nvidia_layout_batch_count = 5,      // int32_t
  nvidia_layout_batch_stride = 6,     // int64_t, in elements
  nvidia_preference_workspace = 1,    // uint64_t, in bytes
  nvidia_preference_reductions = 3,   // uint32_t, a mask
  nvidia_preference_alignment_a = 5,  // uint32_t, in bytes; b, c and d follow
  nvidia_algorithm_id = 0,            // int32_t
  nvidia_algorithm_tile = 1,          // uint32_t
  nvidia_algorithm_splits = 2,        // int32_t, of the inner axis

  nvidia_transposed = 1,
  nvidia_epilogue_bias = 4,
  // The inner axis is not split.
  nvidia_no_reduction = 0,
  // Partial sums of a split inner axis in the compute type, in the workspace, added by a step of its own.
  nvidia_reduction_in_compute_type = 2,
};

typedef struct {
  size_t (*version)(void);
  const char *(*status_name)(cublasStatus_t status);
  cublasStatus_t (*create)(cublasLtHandle_t *handle);
  cublasStatus_t (*destroy)(cublasLtHandle_t handle);

  cublasStatus_t (*product_create)(
    cublasLtMatmulDesc_t *product, cublasComputeType_t computeType, cudaDataType_t scaleType);
  cublasStatus_t (*product_destroy)(cublasLtMatmulDesc_t product);
  cublasStatus_t (*product_set)(
    cublasLtMatmulDesc_t product, cublasLtMatmulDescAttributes_t attribute, const void *value, size_t byteCount);

  cublasStatus_t (*layout_create)(
    cublasLtMatrixLayout_t *layout, cudaDataType type, uint64_t rows, uint64_t columns, int64_t leadingDimension);
  cublasStatus_t (*layout_destroy)(cublasLtMatrixLayout_t layout);
  cublasStatus_t (*layout_set)(
    cublasLtMatrixLayout_t layout, cublasLtMatrixLayoutAttribute_t attribute, const void *value, size_t byteCount);

  cublasStatus_t (*preference_create)(cublasLtMatmulPreference_t *preference);
  cublasStatus_t (*preference_destroy)(cublasLtMatmulPreference_t preference);
  cublasStatus_t (*preference_set)(
    cublasLtMatmulPreference_t preference, cublasLtMatmulPreferenceAttributes_t attribute, const void *value,
    size_t byteCount);

  cublasStatus_t (*heuristic)(
    cublasLtHandle_t handle, cublasLtMatmulDesc_t product, cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
    cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d, cublasLtMatmulPreference_t preference, int requested,
    cublasLtMatmulHeuristicResult_t results[], int *count);
  cublasStatus_t (*algorithm_get)(
    const cublasLtMatmulAlgo_t *algorithm, cublasLtMatmulAlgoConfigAttributes_t attribute, void *value,
    size_t byteCount, size_t *written);
  cublasStatus_t (*multiply)(
    cublasLtHandle_t handle, cublasLtMatmulDesc_t product, const void *alpha, const void *a,
    cublasLtMatrixLayout_t aLayout, const void *b, cublasLtMatrixLayout_t bLayout, const void *beta, const void *c,
    cublasLtMatrixLayout_t cLayout, void *d, cublasLtMatrixLayout_t dLayout, const cublasLtMatmulAlgo_t *algorithm,
    void *workspace, size_t workspaceByteCount, cudaStream_t stream);
} nvidia_blas;

// Fills `table` from an open library. Returns NULL, or the name of the first symbol that is missing.
const char *nvidia_fill_blas(void *library, nvidia_blas *table);
