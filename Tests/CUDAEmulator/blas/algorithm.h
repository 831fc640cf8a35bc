// One algorithm's choice and work.
#pragma once
#include "blas.h"

constexpr uint64_t algorithmMagic = 0x6d687469'726f676c;

// Room for the partial sums of every split, in the compute type.
inline size_t workspaceByteCount(const Algorithm &algorithm, const Problem &problem) {
  if (algorithm.reduction != CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE) return 0;
  size_t sum = algorithm.compute == CUBLAS_COMPUTE_64F ? 8 : 4;
  return problem.m * problem.n * static_cast<size_t>(problem.batch) * static_cast<size_t>(algorithm.splits) * sum;
}

// All that a queued product needs of its call.
struct Job {
  Product product;
  Layout a, b, c, d;
  Problem problem;
  Algorithm algorithm;
  double alpha, beta;
  const void *aMatrix, *bMatrix, *cMatrix;
  void *dMatrix, *workspace;
};

void run(const Job &job);
