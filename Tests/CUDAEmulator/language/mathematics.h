// CUDA's mathematical and bit functions. Fast ones (`__expf`) are as exact as the others here: what a GPU loses by them
// is within every tolerance.
#pragma once

#define EMULATED_UNARY(name) \
  inline float name##f(float x) { return __builtin_##name##f(x); } \
  inline float name(float x) { return __builtin_##name##f(x); } \
  inline double name(double x) { return __builtin_##name(x); }
EMULATED_UNARY(exp) EMULATED_UNARY(exp2) EMULATED_UNARY(expm1) EMULATED_UNARY(exp10)
EMULATED_UNARY(log) EMULATED_UNARY(log2) EMULATED_UNARY(log10) EMULATED_UNARY(log1p)
EMULATED_UNARY(sin) EMULATED_UNARY(cos) EMULATED_UNARY(tan) EMULATED_UNARY(asin) EMULATED_UNARY(acos)
EMULATED_UNARY(atan) EMULATED_UNARY(sinh) EMULATED_UNARY(cosh) EMULATED_UNARY(tanh) EMULATED_UNARY(erf)
EMULATED_UNARY(erfc) EMULATED_UNARY(sqrt) EMULATED_UNARY(cbrt) EMULATED_UNARY(floor) EMULATED_UNARY(ceil)
EMULATED_UNARY(round) EMULATED_UNARY(rint) EMULATED_UNARY(nearbyint) EMULATED_UNARY(trunc) EMULATED_UNARY(fabs)
#undef EMULATED_UNARY

#define EMULATED_BINARY(name) \
  inline float name##f(float x, float y) { return __builtin_##name##f(x, y); } \
  inline float name(float x, float y) { return __builtin_##name##f(x, y); } \
  inline double name(double x, double y) { return __builtin_##name(x, y); }
EMULATED_BINARY(pow) EMULATED_BINARY(fmod) EMULATED_BINARY(atan2) EMULATED_BINARY(hypot) EMULATED_BINARY(fmin)
EMULATED_BINARY(fmax) EMULATED_BINARY(copysign) EMULATED_BINARY(fdim)
#undef EMULATED_BINARY

inline float fmaf(float x, float y, float z) { return __builtin_fmaf(x, y, z); }
inline double fma(double x, double y, double z) { return __builtin_fma(x, y, z); }
inline float fma(float x, float y, float z) { return __builtin_fmaf(x, y, z); }
inline float rsqrtf(float x) { return 1.f / __builtin_sqrtf(x); }
inline float rsqrt(float x) { return 1.f / __builtin_sqrtf(x); }
inline double rsqrt(double x) { return 1. / __builtin_sqrt(x); }
inline void sincosf(float x, float *s, float *c) { *s = sinf(x); *c = cosf(x); }
inline float sinpif(float x) { return static_cast<float>(__builtin_sin(3.14159265358979323846 * x)); }
inline float cospif(float x) { return static_cast<float>(__builtin_cos(3.14159265358979323846 * x)); }
inline void sincospif(float x, float *s, float *c) { *s = sinpif(x); *c = cospif(x); }

inline float __expf(float x) { return expf(x); }
inline float __exp10f(float x) { return exp10f(x); }
inline float __logf(float x) { return logf(x); }
inline float __log2f(float x) { return log2f(x); }
inline float __powf(float x, float y) { return powf(x, y); }
inline float __sinf(float x) { return sinf(x); }
inline float __cosf(float x) { return cosf(x); }
inline float __fdividef(float x, float y) { return x / y; }
inline float __frcp_rn(float x) { return 1.f / x; }
inline float __fsqrt_rn(float x) { return sqrtf(x); }
inline float __frsqrt_rn(float x) { return rsqrtf(x); }
inline float __fmaf_rn(float x, float y, float z) { return fmaf(x, y, z); }
inline float __saturatef(float x) { return x > 0.f ? (x < 1.f ? x : 1.f) : 0.f; }
// Never contracted to a fused product and sum: that is what kernels call them for.
inline float __fmul_rn(float x, float y) { volatile float product = x * y; return product; }
inline float __fadd_rn(float x, float y) { volatile float sum = x + y; return sum; }
inline float __fsub_rn(float x, float y) { volatile float difference = x - y; return difference; }
inline float __fdiv_rn(float x, float y) { volatile float quotient = x / y; return quotient; }
inline double __dmul_rn(double x, double y) { volatile double product = x * y; return product; }
inline double __dadd_rn(double x, double y) { volatile double sum = x + y; return sum; }

inline bool isfinite(float x) { return __builtin_isfinite(x); }
inline bool isfinite(double x) { return __builtin_isfinite(x); }
inline bool isnan(float x) { return __builtin_isnan(x); }
inline bool isnan(double x) { return __builtin_isnan(x); }
inline bool isinf(float x) { return __builtin_isinf(x); }
inline bool isinf(double x) { return __builtin_isinf(x); }
inline bool signbit(float x) { return __builtin_signbit(x); }
inline bool signbit(double x) { return __builtin_signbit(x); }

inline int abs(int x) { return x < 0 ? -x : x; }
inline long abs(long x) { return x < 0 ? -x : x; }
inline long long abs(long long x) { return x < 0 ? -x : x; }
inline float abs(float x) { return fabsf(x); }
inline double abs(double x) { return fabs(x); }

#define EMULATED_ORDER(type) \
  inline type min(type x, type y) { return x < y ? x : y; } \
  inline type max(type x, type y) { return x > y ? x : y; }
EMULATED_ORDER(int) EMULATED_ORDER(unsigned) EMULATED_ORDER(long) EMULATED_ORDER(unsigned long)
EMULATED_ORDER(long long) EMULATED_ORDER(unsigned long long)
#undef EMULATED_ORDER
inline float min(float x, float y) { return fminf(x, y); }
inline float max(float x, float y) { return fmaxf(x, y); }
inline double min(double x, double y) { return fmin(x, y); }
inline double max(double x, double y) { return fmax(x, y); }

template <class To, class From>
inline To emulated_bits(From from) {
  static_assert(sizeof(To) == sizeof(From), "");
  To to;
  __builtin_memcpy(&to, &from, sizeof to);
  return to;
}
inline float __uint_as_float(unsigned x) { return emulated_bits<float>(x); }
inline unsigned __float_as_uint(float x) { return emulated_bits<unsigned>(x); }
inline float __int_as_float(int x) { return emulated_bits<float>(x); }
inline int __float_as_int(float x) { return emulated_bits<int>(x); }
inline double __longlong_as_double(long long x) { return emulated_bits<double>(x); }
inline long long __double_as_longlong(double x) { return emulated_bits<long long>(x); }

// To integers a GPU saturates, and gives 0 for what is no number.
inline int __float2int_rz(float x) {
  return x != x ? 0 : x <= -2147483648.f ? -2147483647 - 1 : x >= 2147483648.f ? 2147483647 : static_cast<int>(x);
}
inline int __float2int_rn(float x) { return __float2int_rz(__builtin_rintf(x)); }
inline int __float2int_rd(float x) { return __float2int_rz(__builtin_floorf(x)); }
inline int __float2int_ru(float x) { return __float2int_rz(__builtin_ceilf(x)); }
inline unsigned __float2uint_rz(float x) {
  return !(x > 0.f) ? 0u : x >= 4294967296.f ? 0xffffffffu : static_cast<unsigned>(x);
}
inline unsigned __float2uint_rn(float x) { return __float2uint_rz(__builtin_rintf(x)); }
inline float __int2float_rn(int x) { return static_cast<float>(x); }
inline float __uint2float_rn(unsigned x) { return static_cast<float>(x); }
inline float __double2float_rn(double x) { return static_cast<float>(x); }

inline unsigned __umulhi(unsigned x, unsigned y) {
  return static_cast<unsigned>((static_cast<unsigned long>(x) * y) >> 32);
}
inline int __mulhi(int x, int y) { return static_cast<int>((static_cast<long>(x) * y) >> 32); }
inline unsigned long long __umul64hi(unsigned long long x, unsigned long long y) {
  return static_cast<unsigned long long>((static_cast<unsigned __int128>(x) * y) >> 64);
}
inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
inline int __clz(int x) { return x == 0 ? 32 : __builtin_clz(static_cast<unsigned>(x)); }
inline int __clzll(long long x) { return x == 0 ? 64 : __builtin_clzll(static_cast<unsigned long long>(x)); }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __ffsll(long long x) { return __builtin_ffsll(x); }
inline unsigned __funnelshift_l(unsigned low, unsigned high, unsigned shift) {
  return static_cast<unsigned>((((static_cast<unsigned long>(high) << 32) | low) << (shift & 31)) >> 32);
}
inline unsigned __funnelshift_r(unsigned low, unsigned high, unsigned shift) {
  return static_cast<unsigned>(((static_cast<unsigned long>(high) << 32) | low) >> (shift & 31));
}
inline unsigned __byte_perm(unsigned x, unsigned y, unsigned selector) {
  unsigned long bytes = (static_cast<unsigned long>(y) << 32) | x;
  unsigned result = 0;
  for (int i = 0; i < 4; i++) {
    unsigned place = (selector >> (4 * i)) & 0xf;
    unsigned byte = static_cast<unsigned>(bytes >> (8 * (place & 7))) & 0xff;
    if (place & 8) byte = byte & 0x80 ? 0xff : 0;
    result |= byte << (8 * i);
  }
  return result;
}

// Loads and stores that say how long the cache shall keep them.
template <class T> inline T __ldg(const T *p) { return *p; }
template <class T> inline T __ldcs(const T *p) { return *p; }
template <class T> inline T __ldcg(const T *p) { return *p; }
template <class T> inline T __ldca(const T *p) { return *p; }
template <class T> inline void __stcs(T *p, T x) { *p = x; }
template <class T> inline void __stcg(T *p, T x) { *p = x; }

// Threads run one at a time. Of integers alone: sums of floats by atomics would depend on chance.
#define EMULATED_ATOMICS(type) \
  inline type atomicAdd(type *p, type x) { type old = *p; *p = old + x; return old; } \
  inline type atomicMax(type *p, type x) { type old = *p; if (x > old) *p = x; return old; } \
  inline type atomicMin(type *p, type x) { type old = *p; if (x < old) *p = x; return old; } \
  inline type atomicOr(type *p, type x) { type old = *p; *p = old | x; return old; } \
  inline type atomicAnd(type *p, type x) { type old = *p; *p = old & x; return old; } \
  inline type atomicExch(type *p, type x) { type old = *p; *p = x; return old; } \
  inline type atomicCAS(type *p, type expected, type x) { type old = *p; if (old == expected) *p = x; return old; }
EMULATED_ATOMICS(int) EMULATED_ATOMICS(unsigned) EMULATED_ATOMICS(unsigned long long)
#undef EMULATED_ATOMICS

inline void __threadfence() {}
inline void __threadfence_block() {}
[[noreturn]] inline void __trap() { emulator::fail("__trap()"); }
