// What is supported, and which algorithms there are for it.
#include "algorithm.h"

#include <algorithm>
#include <cstring>
#include <iterator>

size_t elementByteCount(int32_t type) { return type == CUDA_R_64F ? 8 : type == CUDA_R_16BF ? 2 : 4; }

uint32_t alignmentOf(uint64_t address) {
  uint64_t lowest = address & -address;
  return lowest == 0 || lowest > 256 ? 256 : static_cast<uint32_t>(lowest);
}

// The rows of NVIDIA's table of supported types that hold real numbers of our formats; the bias has one type in each.
static bool typesAreSupported(const Product &product, const Layout &a, const Layout &b, const Layout &c,
                              const Layout &d) {
  static constexpr struct {
    int32_t compute, scale, operand, result, bias;
  } supported[] = {
    {CUBLAS_COMPUTE_32F, CUDA_R_32F, CUDA_R_16BF, CUDA_R_16BF, CUDA_R_16BF},
    {CUBLAS_COMPUTE_32F, CUDA_R_32F, CUDA_R_16BF, CUDA_R_32F, CUDA_R_32F},
    {CUBLAS_COMPUTE_32F, CUDA_R_32F, CUDA_R_32F, CUDA_R_32F, CUDA_R_32F},
    {CUBLAS_COMPUTE_64F, CUDA_R_64F, CUDA_R_64F, CUDA_R_64F, CUDA_R_64F},
  };
  // -1: the type of D.
  int32_t bias = product.biasType == -1 ? d.type : product.biasType;
  return std::any_of(std::begin(supported), std::end(supported), [&](const auto &row) {
    return product.compute == row.compute && product.scale == row.scale && a.type == row.operand &&
           b.type == row.operand && c.type == row.result && d.type == row.result &&
           (product.epilogue == CUBLASLT_EPILOGUE_DEFAULT || bias == row.bias);
  });
}

static bool isSame(const Layout &x, const Layout &y) {
  return x.type == y.type && x.rows == y.rows && x.columns == y.columns && x.batchCount == y.batchCount &&
         x.order == y.order;
}

cublasStatus_t checkProblem(const Product &product, const Layout &a, const Layout &b, const Layout &c, const Layout &d,
                            Problem &problem) {
  bool turnsA = product.transposeA == CUBLAS_OP_T, turnsB = product.transposeB == CUBLAS_OP_T;
  if ((!turnsA && product.transposeA != CUBLAS_OP_N) || (!turnsB && product.transposeB != CUBLAS_OP_N))
    return CUBLAS_STATUS_INVALID_VALUE;
  problem = {d.rows, d.columns, turnsA ? a.rows : a.columns, d.batchCount};
  if ((turnsA ? a.columns : a.rows) != problem.m || (turnsB ? b.rows : b.columns) != problem.n ||
      (turnsB ? b.columns : b.rows) != problem.k)
    return CUBLAS_STATUS_INVALID_VALUE;
  if (problem.m == 0 || problem.n == 0 || problem.k == 0 || problem.batch < 1) return CUBLAS_STATUS_INVALID_VALUE;
  if (!isSame(c, d)) return CUBLAS_STATUS_INVALID_VALUE;
  for (const Layout *layout : {&a, &b, &c, &d}) {
    if (layout->leadingDimension < static_cast<int64_t>(layout->rows)) return CUBLAS_STATUS_INVALID_VALUE;
    if (layout->batchCount != problem.batch) return CUBLAS_STATUS_INVALID_VALUE;
    if (std::max(layout->rows, layout->columns) > INT32_MAX) return CUBLAS_STATUS_NOT_SUPPORTED;
    if (layout->order != 0) return CUBLAS_STATUS_NOT_SUPPORTED;
  }
  // Results may not overlap.
  int64_t resultCount = d.leadingDimension * static_cast<int64_t>(d.columns - 1) + static_cast<int64_t>(d.rows);
  bool interleaved = d.batchStride >= static_cast<int64_t>(d.rows) &&
                     d.batchStride * (d.batchCount - 1) + static_cast<int64_t>(d.rows) <= d.leadingDimension;
  if (problem.batch > 1 && d.batchStride < resultCount && !interleaved) return CUBLAS_STATUS_INVALID_VALUE;
  if (product.pointerMode != CUBLASLT_POINTER_MODE_HOST) return CUBLAS_STATUS_NOT_SUPPORTED;
  bool hasBias = product.epilogue == CUBLASLT_EPILOGUE_BIAS;
  if (!hasBias && product.epilogue != CUBLASLT_EPILOGUE_DEFAULT) return CUBLAS_STATUS_NOT_SUPPORTED;
  if (hasBias && product.biasBatchStride != 0) return CUBLAS_STATUS_NOT_SUPPORTED;
  return typesAreSupported(product, a, b, c, d) ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_SUPPORTED;
}

// Stricter than NVIDIA's: kernels of bfloat16 that move pairs at least, and biases in 16 bytes. So programs meet
// refusals.
static bool alignmentsAreSupported(const Product &product, const Layout *const (&layouts)[4],
                                   const uint32_t (&alignments)[4]) {
  for (int i = 0; i < 4; i++) {
    uint32_t size = static_cast<uint32_t>(elementByteCount(layouts[i]->type));
    uint32_t needed = std::max(size, 4u);
    uint32_t rows = alignmentOf(static_cast<uint64_t>(layouts[i]->leadingDimension) * size);
    uint32_t items = alignmentOf(static_cast<uint64_t>(layouts[i]->batchStride) * size);
    if (alignments[i] < needed || rows < needed || items < needed) return false;
  }
  return product.epilogue != CUBLASLT_EPILOGUE_BIAS || alignmentOf(reinterpret_cast<uint64_t>(product.bias)) >= 16;
}

EXPORTED cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtContext *handle, const Product *product, const Layout *a,
                                                      const Layout *b, const Layout *c, const Layout *d,
                                                      const Preference *preference, int requested,
                                                      HeuristicResult results[], int *count) {
  if (!handle) return CUBLAS_STATUS_NOT_INITIALIZED;
  if (!product || !a || !b || !c || !d || !preference || !results || !count || requested <= 0)
    return CUBLAS_STATUS_INVALID_VALUE;
  *count = 0;
  Problem problem;
  cublasStatus_t status = checkProblem(*product, *a, *b, *c, *d, problem);
  if (status != CUBLAS_STATUS_SUCCESS) return status;
  for (uint32_t alignment : preference->alignments)
    if (alignment == 0 || (alignment & (alignment - 1))) return CUBLAS_STATUS_INVALID_VALUE;
  if (!alignmentsAreSupported(*product, {a, b, c, d}, preference->alignments)) return CUBLAS_STATUS_NOT_SUPPORTED;
  Algorithm algorithm{algorithmMagic, 0, 1, CUBLASLT_REDUCTION_SCHEME_NONE, product->epilogue, product->compute,
                      a->type, d->type, {}, 1, 0};
  std::copy(std::begin(preference->alignments), std::end(preference->alignments), algorithm.alignments);
  if (product->epilogue == CUBLASLT_EPILOGUE_BIAS)
    algorithm.biasAlignment = alignmentOf(reinterpret_cast<uint64_t>(product->bias));
  auto add = [&](int32_t id, int32_t splits, uint32_t reduction) {
    if ((reduction & preference->reductions) != reduction) return;
    algorithm.id = id;
    algorithm.splits = splits;
    algorithm.reduction = reduction;
    size_t byteCount = workspaceByteCount(algorithm, problem);
    if (*count == requested || byteCount > preference->workspaceByteCount) return;
    results[(*count)++] = {algorithm, byteCount, CUBLAS_STATUS_SUCCESS, 1, {}};
  };
  // A long inner axis of a small result is split. Who allows sums in place gets one in no certain order.
  if (problem.k >= 256 && problem.k >= 4 * std::max(problem.m, problem.n)) {
    add(2, 4, CUBLASLT_REDUCTION_SCHEME_INPLACE);
    add(1, 4, CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE);
  }
  add(0, 1, CUBLASLT_REDUCTION_SCHEME_NONE);
  if (problem.k >= 2) add(1, 2, CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE);
  return *count > 0 ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_SUPPORTED;
}

EXPORTED cublasStatus_t cublasLtMatmulAlgoConfigGetAttribute(const Algorithm *algorithm, int attribute, void *bytes,
                                                            size_t byteCount, size_t *written) {
  if (!algorithm || algorithm->magic != algorithmMagic || !bytes || byteCount != 4) return CUBLAS_STATUS_INVALID_VALUE;
  int32_t value;
  switch (attribute) {
    case CUBLASLT_ALGO_CONFIG_ID: value = algorithm->id; break;
    case CUBLASLT_ALGO_CONFIG_TILE_ID: value = 0; break;
    case CUBLASLT_ALGO_CONFIG_SPLITK_NUM: value = algorithm->splits; break;
    case CUBLASLT_ALGO_CONFIG_REDUCTION_SCHEME: value = static_cast<int32_t>(algorithm->reduction); break;
    default: return CUBLAS_STATUS_INVALID_VALUE;
  }
  std::memcpy(bytes, &value, 4);
  if (written) *written = 4;
  return CUBLAS_STATUS_SUCCESS;
}
