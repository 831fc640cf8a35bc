// What kernels need of the machine beyond CUDA C++: about ten named primitives, the only place with PTX.
//
// The host emulator of the tests brings its own of the same names, includes it before everything else and defines the
// guard, so that kernels themselves run there as they are.
#ifndef SGMN_PRIMITIVES
#define SGMN_PRIMITIVES

// A kernel by its name, which is unmangled; `threads` is the greatest block, `blocks` how many of them a multiprocessor
// shall hold at once.
#define KERNEL(name, ...) extern "C" __global__ void name(__VA_ARGS__)
#define KERNEL_BOUNDED(name, threads, blocks, ...) \
  extern "C" __global__ void __launch_bounds__(threads, blocks) name(__VA_ARGS__)

// The block's memory whose size the launch gives, aligned to 128 bytes.
#define DYNAMIC_SHARED(type, name) \
  extern __shared__ __align__(128) unsigned char name##_bytes[]; \
  type *name = reinterpret_cast<type *>(name##_bytes)

// Two floats to bfloat16, nearest with ties to even; `low` is the element with the smaller address.
__device__ __forceinline__ unsigned pack_bf16(float low, float high) {
  unsigned packed;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(packed) : "f"(high), "f"(low));
  return packed;
}

// 2^x and 1/x to about 2^-22.
__device__ __forceinline__ float exp2_fast(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}
__device__ __forceinline__ float reciprocal_fast(float x) {
  float y;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

// 16 bytes from global to shared memory behind the threads' backs, zeros where not `valid` (the address is not read
// then); both aligned to 16.
__device__ __forceinline__ void copy_async_16(void *shared, const void *global, bool valid) {
  unsigned target = static_cast<unsigned>(__cvta_generic_to_shared(shared));
  int bytes = valid ? 16 : 0;
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(target), "l"(global), "r"(bytes) : "memory");
}
// Ends a group of copies; waits until at most `pending` groups of this thread are under way.
__device__ __forceinline__ void copy_async_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <int pending>
__device__ __forceinline__ void copy_async_wait() {
  asm volatile("cp.async.wait_group %0;" ::"n"(pending) : "memory");
}

// Four 8×8 matrices of 16-bit elements; thread t gives the address of row t % 8 of matrix t / 8, 16 bytes, aligned to
// 16, and gets of each matrix elements 2·(t % 4) and the next of row t / 4; `transposed` those of the transpose.
__device__ __forceinline__ void load_matrices(unsigned (&r)[4], const void *row) {
  unsigned address = static_cast<unsigned>(__cvta_generic_to_shared(row));
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(address) : "memory");
}
__device__ __forceinline__ void load_matrices_transposed(unsigned (&r)[4], const void *row) {
  unsigned address = static_cast<unsigned>(__cvta_generic_to_shared(row));
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(address) : "memory");
}

// d += a·b, a 16×16 and b 16×8 in bfloat16, d 16×8 in float32; fragments as PTX lays them out (mma.m16n8k16).
__device__ __forceinline__ void multiply_add(float (&d)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
               "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
               : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

#endif
