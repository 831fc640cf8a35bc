// The twin of kernels/primitives.cuh: the same names with the same meaning, without PTX.
#pragma once
#define SGMN_PRIMITIVES

#define KERNEL(name, ...) EMULATED_KERNEL(name, 1024, __VA_ARGS__)
#define KERNEL_BOUNDED(name, threads, blocks, ...) EMULATED_KERNEL(name, threads, __VA_ARGS__)

#define DYNAMIC_SHARED(type, name) type *name = reinterpret_cast<type *>(::emulator::dynamic_shared)

namespace emulator {

// The nearest bfloat16, ties to even; every NaN becomes the one that cvt.rn gives.
inline unsigned round_bf16(float x) {
  unsigned bits = __float_as_uint(x);
  if (x != x) return 0x7fff;
  return (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
}
inline float widen_bf16(unsigned bits) { return __uint_as_float(bits << 16); }

void load_matrices(void *const (&lanes)[32]);
void load_matrices_transposed(void *const (&lanes)[32]);
struct MatrixRow {
  const void *row;
  unsigned *registers;
};

void multiply_add(void *const (&lanes)[32]);
struct Fragments {
  float *d;
  const unsigned *a;
  unsigned b[2];
};

}  // namespace emulator

inline unsigned pack_bf16(float low, float high) {
  return emulator::round_bf16(low) | emulator::round_bf16(high) << 16;
}

// Numbers too small for the normal form are zero there.
inline float emulated_flush(float x) { return fabsf(x) < 1.17549435e-38f ? copysignf(0.f, x) : x; }
inline float exp2_fast(float x) { return emulated_flush(exp2f(emulated_flush(x))); }
inline float reciprocal_fast(float x) { return emulated_flush(1.f / emulated_flush(x)); }

inline void copy_async_16(void *shared, const void *global, bool valid) {
  emulator::copy_later(shared, global, 16, valid);
}
inline void copy_async_commit() { emulator::commit_copies(); }
template <int pending>
inline void copy_async_wait() { emulator::wait_copies(pending); }

inline void load_matrices(unsigned (&r)[4], const void *row) {
  emulator::MatrixRow operand = {row, r};
  emulator::meet_warp(0xffffffffu, "load_matrices", emulator::load_matrices, &operand);
}
inline void load_matrices_transposed(unsigned (&r)[4], const void *row) {
  emulator::MatrixRow operand = {row, r};
  emulator::meet_warp(0xffffffffu, "load_matrices_transposed", emulator::load_matrices_transposed, &operand);
}

inline void multiply_add(float (&d)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
  emulator::Fragments operand = {d, a, {b0, b1}};
  emulator::meet_warp(0xffffffffu, "multiply_add", emulator::multiply_add, &operand);
}
