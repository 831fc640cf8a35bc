// The words of CUDA C++ around functions and memory, and the registry of kernels.
//
// A file of kernels is compiled inside a namespace of its own (execution/unit.cpp): each is its own program to NVRTC.
#pragma once

#define __device__
#define __host__
#define __global__
#define __constant__ const
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)
#define __align__(bytes) __attribute__((aligned(bytes)))
#define __CUDA_ARCH__ 900

#define EMULATED_TEXT_(x) #x
#define EMULATED_TEXT(x) EMULATED_TEXT_(x)
#define EMULATED_JOIN_(a, b) a##b
#define EMULATED_JOIN(a, b) EMULATED_JOIN_(a, b)

// Static shared memory lies together, so that it can be spoilt before each block. (GCC puts no static variable of a
// template into a section; there it keeps what the last block left.)
#ifdef __clang__
#define EMULATED_SHARED_SECTION EMULATED_JOIN(shared_, EMULATED_UNIT)
#define __shared__ static __attribute__((section(EMULATED_TEXT(EMULATED_SHARED_SECTION))))
extern "C" unsigned char EMULATED_JOIN(__start_, EMULATED_SHARED_SECTION)[] __attribute__((weak, visibility("hidden")));
extern "C" unsigned char EMULATED_JOIN(__stop_, EMULATED_SHARED_SECTION)[] __attribute__((weak, visibility("hidden")));
#define EMULATED_SHARED_BEGIN EMULATED_JOIN(__start_, EMULATED_SHARED_SECTION)
#define EMULATED_SHARED_END EMULATED_JOIN(__stop_, EMULATED_SHARED_SECTION)
#else
#define __shared__ static
#define EMULATED_SHARED_BEGIN nullptr
#define EMULATED_SHARED_END nullptr
#endif

namespace emulator {

template <int... i> struct Places {};
template <int n, int... i> struct MakePlaces : MakePlaces<n - 1, n - 1, i...> {};
template <int... i> struct MakePlaces<0, i...> { typedef Places<i...> Made; };

template <class T> struct Plain { typedef T Type; };
template <class T> struct Plain<const T> { typedef T Type; };

// Calls a kernel with the parameters that cuLaunchKernel was given, each read with the type the kernel declares.
template <class Function, Function *function> struct Trampoline;
template <class... P, void (*function)(P...)> struct Trampoline<void(P...), function> {
  template <int... i>
  static void call(void **parameters, Places<i...>) {
    function(*static_cast<typename Plain<P>::Type *>(parameters[i])...);
  }
  static void run(void **parameters) { call(parameters, typename MakePlaces<sizeof...(P)>::Made()); }
  static constexpr int count = sizeof...(P);
  static constexpr unsigned sizes[sizeof...(P) + 1] = {sizeof(P)..., 0};
};

}  // namespace emulator

#define EMULATED_KERNEL(name, threads, ...) \
  static void name(__VA_ARGS__); \
  static const bool name##_is_added = ::emulator::add( \
    {#name, EMULATED_TEXT(EMULATED_UNIT) ".cu", ::emulator::Trampoline<decltype(name), name>::run, threads, \
     ::emulator::Trampoline<decltype(name), name>::count, ::emulator::Trampoline<decltype(name), name>::sizes, \
     EMULATED_SHARED_BEGIN, EMULATED_SHARED_END}); \
  static void name(__VA_ARGS__)
