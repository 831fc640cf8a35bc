// Kernels that try the language of the emulator, for its self-test.
#include "common.cuh"

// y[i] = x[i] + the sum of its block.
KERNEL(add_block_sum_f32, const float *__restrict__ x, float *__restrict__ y, long n) {
  __shared__ float scratch[32];
  long i = blockIdx.x * static_cast<long>(blockDim.x) + threadIdx.x;
  float value = i < n ? x[i] : 0.f;
  float total = block_sum(value, scratch);
  if (i < n) y[i] = value + total;
}

// y[i] = 2·x[i], and nothing waits for anything.
KERNEL(double_f32, const float *x, float *y, long n) {
  GRID_STRIDE(i, n) y[i] = 2 * x[i];
}

KERNEL(double_bf16, const bf16 *x, bf16 *y, long n) {
  GRID_STRIDE(i, n) y[i] = narrow<bf16>(2 * widen(x[i]));
}

// What each lane gets of shuffles and votes, 7 numbers a lane.
KERNEL(shuffle_i32, int *y) {
  int lane = static_cast<int>(threadIdx.x);
  y[7 * lane] = __shfl_xor_sync(0xffffffffu, lane, 5);
  y[7 * lane + 1] = __shfl_down_sync(0xffffffffu, lane, 3);
  y[7 * lane + 2] = __shfl_up_sync(0xffffffffu, lane, 3, 8);
  y[7 * lane + 3] = __shfl_sync(0xffffffffu, lane, 7);
  y[7 * lane + 4] = static_cast<int>(__ballot_sync(0xffffffffu, lane % 3 == 0));
  y[7 * lane + 5] = __any_sync(0xffffffffu, lane == 31) + 2 * __all_sync(0xffffffffu, lane < 31);
  // Two halves of a warp, each by itself.
  unsigned mask = lane < 16 ? 0x0000ffffu : 0xffff0000u;
  y[7 * lane + 6] = lane < 16 ? __shfl_xor_sync(mask, lane, 1) : __shfl_xor_sync(mask, lane, 2);
}

// d (16×8) = a (16×16) · b (16×8), of one warp; a through shared memory and load_matrices, b transposed by it.
KERNEL(product_bf16, const bf16 *a, const bf16 *b, float *d) {
  DYNAMIC_SHARED(bf16, shared);
  bf16 *left = shared, *right = shared + 256;
  int lane = static_cast<int>(threadIdx.x);
  for (int i = lane; i < 32; i += 32) copy_async_16(left + 8 * i, a + 8 * i, true);
  if (lane < 16) copy_async_16(right + 8 * lane, b + 8 * lane, true);
  copy_async_commit();
  copy_async_wait<0>();
  __syncwarp();
  unsigned fragment[4], other[4];
  // Matrices in the order: rows 0–7 and 8–15 of the left half, then of the right half.
  load_matrices(fragment, left + 16 * (lane % 16) + 8 * (lane / 16));
  load_matrices_transposed(other, right + 8 * (lane % 16));
  float sum[4] = {};
  multiply_add(sum, fragment, other[0], other[1]);
  for (int m = 0; m < 4; m++) d[8 * (lane / 4 + 8 * (m / 2)) + 2 * (lane % 4) + m % 2] = sum[m];
}

// Reads what an asynchronous copy brings `wait` groups too early; two groups of one copy each.
KERNEL(early_copy_u32, const unsigned *x, unsigned *y, int wait, int valid) {
  DYNAMIC_SHARED(unsigned, shared);
  copy_async_16(shared, x, true);
  copy_async_commit();
  copy_async_16(shared + 4, x + 4, valid != 0);
  copy_async_commit();
  if (wait == 1) copy_async_wait<1>();
  if (wait == 0) copy_async_wait<0>();
  for (int i = 0; i < 8; i++) y[i] = shared[i];
}

// What shared memory holds before anyone writes it.
KERNEL(unwritten_f32, float *y) {
  __shared__ float fixed[4];
  DYNAMIC_SHARED(float, dynamic);
  y[2 * blockIdx.x] = fixed[1];
  y[2 * blockIdx.x + 1] = dynamic[1];
  fixed[1] = dynamic[1] = 1;
}

// Each thread hands a number to the one before it and the one behind, without a barrier between.
KERNEL(missing_barrier_f32, float *y) {
  __shared__ float shared[64];
  shared[threadIdx.x] = 1;
  y[64 * blockIdx.x + threadIdx.x] = shared[threadIdx.x > 0 ? threadIdx.x - 1 : 0] + shared[min(threadIdx.x + 1, 63u)];
}

// Faults, one a case.
KERNEL(faulty, int which, float *y) {
  __shared__ float shared[32];
  DYNAMIC_SHARED(float, dynamic);
  switch (which) {
    case 0: if (threadIdx.x == 3) return; __syncthreads(); break;
    case 1: if (threadIdx.x < 16) y[0] = __shfl_xor_sync(0xffffffffu, 1.f, 1); else __syncthreads(); break;
    case 2: if (threadIdx.x == 5) return; y[0] = __shfl_xor_sync(0xffffffffu, 1.f, 1); break;
    case 3: shared[threadIdx.x + blockIdx.x * 32 + 1] = 0; y[threadIdx.x] = shared[threadIdx.x]; break;
    case 4: dynamic[blockDim.x] = 0; break;
    case 5: y[threadIdx.x] = reinterpret_cast<const float4 *>(y + 1)->x; break;
    case 6: y[1 << 20] = 0; break;
    case 7: y[0] = __shfl_sync(1u << 7, 1.f, 7); break;
    case 8: { unsigned r[4]; load_matrices(r, y); break; }
    case 9: copy_async_16(y, y, true); break;
    default: break;
  }
}

KERNEL_BOUNDED(bounded, 128, 1, int *y) { y[0] = 1; }

struct Pair { float a; double b; };
KERNEL(parameters_f64, Pair pair, int i, long n, float f, double *y) {
  y[0] = pair.a; y[1] = pair.b; y[2] = i; y[3] = static_cast<double>(n); y[4] = f;
}
