// The library itself, and its descriptors.
#include "blas.h"

#include <cstring>
#include <new>

static constexpr uint64_t handleMagic = 0x656c64'6e6148;

EXPORTED size_t cublasLtGetVersion() { return 130000; }

EXPORTED const char *cublasLtGetStatusName(cublasStatus_t status) {
#define NAME(status) \
  case status: return #status
  switch (status) {
    NAME(CUBLAS_STATUS_SUCCESS);
    NAME(CUBLAS_STATUS_NOT_INITIALIZED);
    NAME(CUBLAS_STATUS_ALLOC_FAILED);
    NAME(CUBLAS_STATUS_INVALID_VALUE);
    NAME(CUBLAS_STATUS_ARCH_MISMATCH);
    NAME(CUBLAS_STATUS_MAPPING_ERROR);
    NAME(CUBLAS_STATUS_EXECUTION_FAILED);
    NAME(CUBLAS_STATUS_INTERNAL_ERROR);
    NAME(CUBLAS_STATUS_NOT_SUPPORTED);
    NAME(CUBLAS_STATUS_LICENSE_ERROR);
  }
#undef NAME
  return "unrecognized status";
}

EXPORTED cublasStatus_t cublasLtCreate(cublasLtContext **handle) {
  if (!handle) return CUBLAS_STATUS_INVALID_VALUE;
  *handle = new (std::nothrow) cublasLtContext{handleMagic};
  return *handle ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_ALLOC_FAILED;
}

EXPORTED cublasStatus_t cublasLtDestroy(cublasLtContext *handle) {
  if (!handle || handle->magic != handleMagic) return CUBLAS_STATUS_NOT_INITIALIZED;
  handle->magic = 0;
  delete handle;
  return CUBLAS_STATUS_SUCCESS;
}

// A new descriptor in *place.
template <class T>
static cublasStatus_t create(T **place, T value) {
  if (!place) return CUBLAS_STATUS_INVALID_VALUE;
  *place = new (std::nothrow) T(value);
  return *place ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_ALLOC_FAILED;
}

// Writes an attribute; its size must be exactly that of the value, as in NVIDIA's.
template <class T>
static cublasStatus_t set(T &value, const void *bytes, size_t byteCount) {
  if (!bytes || byteCount != sizeof(T)) return CUBLAS_STATUS_INVALID_VALUE;
  std::memcpy(&value, bytes, sizeof(T));
  return CUBLAS_STATUS_SUCCESS;
}

EXPORTED cublasStatus_t cublasLtMatmulDescCreate(Product **product, int32_t compute, int32_t scale) {
  return create(product, Product{compute, scale});
}

EXPORTED cublasStatus_t cublasLtMatmulDescDestroy(Product *product) {
  delete product;
  return CUBLAS_STATUS_SUCCESS;
}

EXPORTED cublasStatus_t cublasLtMatmulDescSetAttribute(Product *product, int attribute, const void *bytes,
                                                      size_t byteCount) {
  if (!product) return CUBLAS_STATUS_INVALID_VALUE;
  switch (attribute) {
    case CUBLASLT_MATMUL_DESC_COMPUTE_TYPE: return set(product->compute, bytes, byteCount);
    case CUBLASLT_MATMUL_DESC_SCALE_TYPE: return set(product->scale, bytes, byteCount);
    case CUBLASLT_MATMUL_DESC_POINTER_MODE: return set(product->pointerMode, bytes, byteCount);
    case CUBLASLT_MATMUL_DESC_TRANSA: return set(product->transposeA, bytes, byteCount);
    case CUBLASLT_MATMUL_DESC_TRANSB: return set(product->transposeB, bytes, byteCount);
    case CUBLASLT_MATMUL_DESC_EPILOGUE: return set(product->epilogue, bytes, byteCount);
    case CUBLASLT_MATMUL_DESC_BIAS_POINTER: return set(product->bias, bytes, byteCount);
    case CUBLASLT_MATMUL_DESC_BIAS_BATCH_STRIDE: return set(product->biasBatchStride, bytes, byteCount);
    case CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE: return set(product->biasType, bytes, byteCount);
    default: return CUBLAS_STATUS_INVALID_VALUE;
  }
}

// As NVIDIA's: nothing is checked before the layout is used.
EXPORTED cublasStatus_t cublasLtMatrixLayoutCreate(Layout **layout, int32_t type, uint64_t rows, uint64_t columns,
                                                  int64_t leadingDimension) {
  return create(layout, Layout{type, rows, columns, leadingDimension});
}

EXPORTED cublasStatus_t cublasLtMatrixLayoutDestroy(Layout *layout) {
  delete layout;
  return CUBLAS_STATUS_SUCCESS;
}

EXPORTED cublasStatus_t cublasLtMatrixLayoutSetAttribute(Layout *layout, int attribute, const void *bytes,
                                                        size_t byteCount) {
  if (!layout) return CUBLAS_STATUS_INVALID_VALUE;
  switch (attribute) {
    case CUBLASLT_MATRIX_LAYOUT_TYPE: return set(layout->type, bytes, byteCount);
    case CUBLASLT_MATRIX_LAYOUT_ORDER: return set(layout->order, bytes, byteCount);
    case CUBLASLT_MATRIX_LAYOUT_ROWS: return set(layout->rows, bytes, byteCount);
    case CUBLASLT_MATRIX_LAYOUT_COLS: return set(layout->columns, bytes, byteCount);
    case CUBLASLT_MATRIX_LAYOUT_LD: return set(layout->leadingDimension, bytes, byteCount);
    case CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT: return set(layout->batchCount, bytes, byteCount);
    case CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET: return set(layout->batchStride, bytes, byteCount);
    default: return CUBLAS_STATUS_INVALID_VALUE;
  }
}

EXPORTED cublasStatus_t cublasLtMatmulPreferenceCreate(Preference **preference) {
  return create(preference, Preference{});
}

EXPORTED cublasStatus_t cublasLtMatmulPreferenceDestroy(Preference *preference) {
  delete preference;
  return CUBLAS_STATUS_SUCCESS;
}

EXPORTED cublasStatus_t cublasLtMatmulPreferenceSetAttribute(Preference *preference, int attribute, const void *bytes,
                                                            size_t byteCount) {
  if (!preference) return CUBLAS_STATUS_INVALID_VALUE;
  switch (attribute) {
    case CUBLASLT_MATMUL_PREF_SEARCH_MODE: return set(preference->searchMode, bytes, byteCount);
    case CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES: return set(preference->workspaceByteCount, bytes, byteCount);
    case CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK: return set(preference->reductions, bytes, byteCount);
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES:
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES:
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES:
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES:
      return set(preference->alignments[attribute - CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES], bytes, byteCount);
    default: return CUBLAS_STATUS_INVALID_VALUE;
  }
}
