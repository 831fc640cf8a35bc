// What the emulated libcublasLt.so.13 has of NVIDIA's interface, with NVIDIA's names and numbers
// (https://docs.nvidia.com/cuda/cublas/, "Using the cuBLASLt API").
#pragma once
#include <cstddef>
#include <cstdint>

enum cublasStatus_t {
  CUBLAS_STATUS_SUCCESS = 0,
  CUBLAS_STATUS_NOT_INITIALIZED = 1,
  CUBLAS_STATUS_ALLOC_FAILED = 3,
  CUBLAS_STATUS_INVALID_VALUE = 7,
  CUBLAS_STATUS_ARCH_MISMATCH = 8,
  CUBLAS_STATUS_MAPPING_ERROR = 11,
  CUBLAS_STATUS_EXECUTION_FAILED = 13,
  CUBLAS_STATUS_INTERNAL_ERROR = 14,
  CUBLAS_STATUS_NOT_SUPPORTED = 15,
  CUBLAS_STATUS_LICENSE_ERROR = 16,
};

enum : int32_t { CUDA_R_32F = 0, CUDA_R_64F = 1, CUDA_R_16BF = 14 };
enum : int32_t { CUBLAS_COMPUTE_32F = 68, CUBLAS_COMPUTE_64F = 70 };
enum : int32_t { CUBLAS_OP_N = 0, CUBLAS_OP_T = 1 };
enum : int32_t { CUBLASLT_POINTER_MODE_HOST = 0 };
enum : uint32_t { CUBLASLT_EPILOGUE_DEFAULT = 1, CUBLASLT_EPILOGUE_BIAS = 4 };
enum : uint32_t {
  CUBLASLT_REDUCTION_SCHEME_NONE = 0,
  CUBLASLT_REDUCTION_SCHEME_INPLACE = 1,
  CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE = 2,
};

enum {
  CUBLASLT_MATMUL_DESC_COMPUTE_TYPE = 0,
  CUBLASLT_MATMUL_DESC_SCALE_TYPE = 1,
  CUBLASLT_MATMUL_DESC_POINTER_MODE = 2,
  CUBLASLT_MATMUL_DESC_TRANSA = 3,
  CUBLASLT_MATMUL_DESC_TRANSB = 4,
  CUBLASLT_MATMUL_DESC_EPILOGUE = 7,
  CUBLASLT_MATMUL_DESC_BIAS_POINTER = 8,
  CUBLASLT_MATMUL_DESC_BIAS_BATCH_STRIDE = 10,
  CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE = 26,
};
enum {
  CUBLASLT_MATRIX_LAYOUT_TYPE = 0,
  CUBLASLT_MATRIX_LAYOUT_ORDER = 1,
  CUBLASLT_MATRIX_LAYOUT_ROWS = 2,
  CUBLASLT_MATRIX_LAYOUT_COLS = 3,
  CUBLASLT_MATRIX_LAYOUT_LD = 4,
  CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT = 5,
  CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET = 6,
};
enum {
  CUBLASLT_MATMUL_PREF_SEARCH_MODE = 0,
  CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES = 1,
  CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK = 3,
  CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES = 5,
  CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES = 6,
  CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES = 7,
  CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES = 8,
};
enum {
  CUBLASLT_ALGO_CONFIG_ID = 0,
  CUBLASLT_ALGO_CONFIG_TILE_ID = 1,
  CUBLASLT_ALGO_CONFIG_SPLITK_NUM = 2,
  CUBLASLT_ALGO_CONFIG_REDUCTION_SCHEME = 3,
};

struct cublasLtContext {
  uint64_t magic;
};

struct Product {
  int32_t compute, scale;
  int32_t pointerMode = CUBLASLT_POINTER_MODE_HOST, transposeA = CUBLAS_OP_N, transposeB = CUBLAS_OP_N;
  uint32_t epilogue = CUBLASLT_EPILOGUE_DEFAULT;
  const void *bias = nullptr;
  int64_t biasBatchStride = 0;
  int32_t biasType = -1;
};

struct Layout {
  int32_t type;
  uint64_t rows, columns;
  int64_t leadingDimension;
  int32_t order = 0, batchCount = 1;
  int64_t batchStride = 0;
};

struct Preference {
  uint32_t searchMode = 0;
  uint64_t workspaceByteCount = 0;
  uint32_t reductions = 7;
  uint32_t alignments[4] = {256, 256, 256, 256};
};

// The 64 bytes of cublasLtMatmulAlgo_t: what the emulated algorithm was chosen for.
struct Algorithm {
  uint64_t magic;
  int32_t id, splits;
  uint32_t reduction, epilogue;
  int32_t compute, operandType, resultType;
  uint32_t alignments[4];
  uint32_t biasAlignment;
  uint32_t unused;
};
static_assert(sizeof(Algorithm) == 64, "cublasLtMatmulAlgo_t has 64 bytes");

struct HeuristicResult {
  Algorithm algorithm;
  size_t workspaceByteCount;
  cublasStatus_t state;
  float waves;
  int reserved[4];
};
static_assert(sizeof(HeuristicResult) == 96, "cublasLtMatmulHeuristicResult_t has 96 bytes");

// The sizes of D = op(A)·op(B), and what they hold of their operands.
struct Problem {
  uint64_t m, n, k;
  int32_t batch;
};

// Checks what NVIDIA's documentation demands of descriptors that are used together, and that we emulate the case.
cublasStatus_t checkProblem(const Product &product, const Layout &a, const Layout &b, const Layout &c, const Layout &d,
                            Problem &problem);

size_t elementByteCount(int32_t type);
// The greatest power of two that divides an address, a count of bytes, or both; at most 256.
uint32_t alignmentOf(uint64_t address);

#define EXPORTED extern "C" __attribute__((visibility("default")))
