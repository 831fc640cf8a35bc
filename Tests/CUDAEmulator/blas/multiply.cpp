// cublasLtMatmul: checks a call as NVIDIA's documentation states it, and queues it on the emulated stream.
#include "algorithm.h"

#include <new>

#include "../driver/emulator.h"

static bool isAligned(const void *pointer, uint32_t alignment) {
  return reinterpret_cast<uint64_t>(pointer) % alignment == 0;
}

// Whether this call is one that the algorithm was chosen for.
static bool algorithmFits(const Algorithm &algorithm, const Product &product, const Layout &a, const Layout &d,
                          const void *const (&matrices)[4]) {
  if (algorithm.magic != algorithmMagic || algorithm.compute != product.compute || algorithm.operandType != a.type ||
      algorithm.resultType != d.type || algorithm.epilogue != product.epilogue)
    return false;
  for (int i = 0; i < 4; i++)
    if (!isAligned(matrices[i], algorithm.alignments[i])) return false;
  return isAligned(product.bias, algorithm.biasAlignment);
}

// Whether a GPU reaches every element of all matrices of a layout.
static bool canReach(const void *matrix, const Layout &layout) {
  int64_t items = layout.batchStride * (layout.batchCount - 1);
  int64_t last = items + layout.leadingDimension * static_cast<int64_t>(layout.columns - 1) +
                 static_cast<int64_t>(layout.rows);
  return sgmnEmulatorCanReach(matrix, static_cast<size_t>(last) * elementByteCount(layout.type));
}

// The product when its turn has come: memory that is not there is a failure of the GPU, not of the call.
static CUresult runInTurn(void *argument) {
  const Job &job = *static_cast<const Job *>(argument);
  size_t bias = job.product.epilogue == CUBLASLT_EPILOGUE_BIAS ? job.problem.m * elementByteCount(job.d.type) : 0;
  size_t workspace = workspaceByteCount(job.algorithm, job.problem);
  if (!canReach(job.aMatrix, job.a) || !canReach(job.bMatrix, job.b) || !canReach(job.dMatrix, job.d) ||
      (job.beta != 0 && !canReach(job.cMatrix, job.c)) || (bias && !sgmnEmulatorCanReach(job.product.bias, bias)) ||
      (workspace && !sgmnEmulatorCanReach(job.workspace, workspace)))
    return CUDA_ERROR_ILLEGAL_ADDRESS;
  run(job);
  return CUDA_SUCCESS;
}

EXPORTED cublasStatus_t cublasLtMatmul(cublasLtContext *handle, const Product *product, const void *alpha,
                                      const void *aMatrix, const Layout *a, const void *bMatrix, const Layout *b,
                                      const void *beta, const void *cMatrix, const Layout *c, void *dMatrix,
                                      const Layout *d, const Algorithm *algorithm, void *workspace,
                                      size_t workspaceSize, CUstream stream) {
  if (!handle) return CUBLAS_STATUS_NOT_INITIALIZED;
  if (!product || !alpha || !beta || !a || !b || !c || !d || !aMatrix || !bMatrix || !dMatrix || !algorithm)
    return CUBLAS_STATUS_INVALID_VALUE;
  Problem problem;
  cublasStatus_t status = checkProblem(*product, *a, *b, *c, *d, problem);
  if (status != CUBLAS_STATUS_SUCCESS) return status;
  bool isDouble = product->scale == CUDA_R_64F;
  auto number = [&](const void *x) {
    return isDouble ? *static_cast<const double *>(x) : *static_cast<const float *>(x);
  };
  if (!cMatrix && number(beta) != 0) return CUBLAS_STATUS_INVALID_VALUE;
  if (product->epilogue == CUBLASLT_EPILOGUE_BIAS && !product->bias) return CUBLAS_STATUS_INVALID_VALUE;
  // In place, C and D are one matrix.
  if (cMatrix == dMatrix && (c->leadingDimension != d->leadingDimension || c->batchStride != d->batchStride))
    return CUBLAS_STATUS_INVALID_VALUE;
  if (!algorithmFits(*algorithm, *product, *a, *d, {aMatrix, bMatrix, cMatrix, dMatrix}))
    return CUBLAS_STATUS_INVALID_VALUE;
  size_t needed = workspaceByteCount(*algorithm, problem);
  if (needed > workspaceSize || (needed > 0 && (!workspace || !isAligned(workspace, 16))))
    return CUBLAS_STATUS_INVALID_VALUE;
  Job *job = new (std::nothrow) Job{*product, *a, *b, *c, *d, problem, *algorithm, number(alpha), number(beta),
                                    aMatrix, bMatrix, cMatrix ? cMatrix : dMatrix, dMatrix, workspace};
  if (!job) return CUBLAS_STATUS_ALLOC_FAILED;
  auto release = [](void *argument) { delete static_cast<Job *>(argument); };
  CUresult result = sgmnEmulatorEnqueue(stream, runInTurn, job, release);
  return result == CUDA_SUCCESS ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_EXECUTION_FAILED;
}
