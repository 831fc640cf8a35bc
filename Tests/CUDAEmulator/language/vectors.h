// The built-in vector types, with the alignment that CUDA gives them, and the indices of the running thread.
#pragma once

#define EMULATED_VECTOR(name, element, align2, align4) \
  struct name##1 { element x; }; \
  struct __attribute__((aligned(align2))) name##2 { element x, y; }; \
  struct name##3 { element x, y, z; }; \
  struct __attribute__((aligned(align4))) name##4 { element x, y, z, w; }; \
  inline name##1 make_##name##1(element x) { return {x}; } \
  inline name##2 make_##name##2(element x, element y) { return {x, y}; } \
  inline name##3 make_##name##3(element x, element y, element z) { return {x, y, z}; } \
  inline name##4 make_##name##4(element x, element y, element z, element w) { return {x, y, z, w}; }

EMULATED_VECTOR(char, signed char, 2, 4)
EMULATED_VECTOR(uchar, unsigned char, 2, 4)
EMULATED_VECTOR(short, short, 4, 8)
EMULATED_VECTOR(ushort, unsigned short, 4, 8)
EMULATED_VECTOR(int, int, 8, 16)
EMULATED_VECTOR(uint, unsigned, 8, 16)
EMULATED_VECTOR(long, long, 16, 16)
EMULATED_VECTOR(ulong, unsigned long, 16, 16)
EMULATED_VECTOR(longlong, long long, 16, 16)
EMULATED_VECTOR(ulonglong, unsigned long long, 16, 16)
EMULATED_VECTOR(float, float, 8, 16)
EMULATED_VECTOR(double, double, 16, 16)
#undef EMULATED_VECTOR

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};

// Of the thread that runs now.
extern uint3 threadIdx __attribute__((visibility("hidden")));
extern uint3 blockIdx __attribute__((visibility("hidden")));
extern dim3 blockDim __attribute__((visibility("hidden")));
extern dim3 gridDim __attribute__((visibility("hidden")));
constexpr int warpSize = 32;
