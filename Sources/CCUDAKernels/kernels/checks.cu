// Whether a GPU does what the worker relies on, asked before the first tensor.
#include "common.cuh"

// x <- a·x + b·c: as expected only where arguments of every type arrive, a block shares memory of the size that its
// launch gave (a double a thread), and launches run in order.
KERNEL(check_launch, double *x, long n, int a, float b, double c) {
  DYNAMIC_SHARED(double, shared);
  shared[threadIdx.x] = b * c;
  __syncthreads();
  GRID_STRIDE(i, n) x[i] = a * x[i] + shared[blockDim.x - 1 - threadIdx.x];
}
