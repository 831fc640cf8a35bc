// Elements side by side, moved as one access of up to 16 bytes, and the ways over long tensors that use them.
#ifndef SGMN_VECTORS
#define SGMN_VECTORS
#include "common.cuh"

constexpr int access_bytes = 16;

// How many elements of formats of these sizes a thread moves at once: an access of the widest is full, and every warp's
// accesses follow each other without a gap.
template <class T>
__device__ constexpr int vector_length() { return access_bytes / static_cast<int>(sizeof(T)); }
template <class T, class U, class... More>
__device__ constexpr int vector_length() {
  return sizeof(T) > sizeof(U) ? vector_length<T, More...>() : vector_length<U, More...>();
}

// 4, 8 or 16 bytes in one access, by words of 32 bits. Said by CUDA's functions for it: of plain loads and stores of a
// structure the compiler makes several where it does not see that they belong together.
__device__ __forceinline__ void load_words(unsigned (&words)[1], const void *place) {
  words[0] = __ldca(static_cast<const unsigned *>(place));
}
__device__ __forceinline__ void load_words(unsigned (&words)[2], const void *place) {
  uint2 w = __ldca(static_cast<const uint2 *>(place));
  words[0] = w.x, words[1] = w.y;
}
__device__ __forceinline__ void load_words(unsigned (&words)[4], const void *place) {
  uint4 w = __ldca(static_cast<const uint4 *>(place));
  words[0] = w.x, words[1] = w.y, words[2] = w.z, words[3] = w.w;
}
__device__ __forceinline__ void store_words(void *place, const unsigned (&words)[1]) {
  __stcg(static_cast<unsigned *>(place), words[0]);
}
__device__ __forceinline__ void store_words(void *place, const unsigned (&words)[2]) {
  __stcg(static_cast<uint2 *>(place), make_uint2(words[0], words[1]));
}
__device__ __forceinline__ void store_words(void *place, const unsigned (&words)[4]) {
  __stcg(static_cast<uint4 *>(place), make_uint4(words[0], words[1], words[2], words[3]));
}

// `length` elements as they lie in memory, of which `at` gives one as a number. A kernel reads all of its vectors
// before it computes, so that several accesses are under way.
template <class T, int length> struct vector;

template <class T>
struct vector<T, 1> {
  T element;

  __device__ __forceinline__ typename wide<T>::type at(int) const { return widen(element); }
  template <class Number>
  __device__ __forceinline__ void set(const Number (&x)[1]) { element = narrow<T>(x[0]); }
  __device__ __forceinline__ void load(const T *place) { element = *place; }
  __device__ __forceinline__ void store(T *place) const { *place = element; }
};

template <>
struct vector<double, 2> {
  double2 elements;

  __device__ __forceinline__ double at(int i) const { return i == 0 ? elements.x : elements.y; }
  template <class Number>
  __device__ __forceinline__ void set(const Number (&x)[2]) { elements = make_double2(x[0], x[1]); }
  __device__ __forceinline__ void load(const double *place) {
    elements = __ldca(reinterpret_cast<const double2 *>(place));
  }
  __device__ __forceinline__ void store(double *place) const { __stcg(reinterpret_cast<double2 *>(place), elements); }
};

// Formats of up to 32 bits, in words.
template <int count>
struct vector_words {
  unsigned words[count];

  __device__ __forceinline__ void load(const void *place) { load_words(words, place); }
  __device__ __forceinline__ void store(void *place) const { store_words(place, words); }
};

template <int length>
struct float_vector : vector_words<length> {
  __device__ __forceinline__ float at(int i) const { return __uint_as_float(this->words[i]); }
  template <class Number>
  __device__ __forceinline__ void set(const Number (&x)[length]) {
#pragma unroll
    for (int i = 0; i < length; i++) this->words[i] = __float_as_uint(static_cast<float>(x[i]));
  }
};
template <> struct vector<float, 2> : float_vector<2> {};
template <> struct vector<float, 4> : float_vector<4> {};

// A shift or a mask widens an element, one instruction rounds two.
template <int length>
struct bf16_vector : vector_words<length / 2> {
  __device__ __forceinline__ float at(int i) const {
    unsigned word = this->words[i / 2];
    return __uint_as_float(i % 2 ? word & 0xffff0000u : word << 16);
  }
  template <class Number>
  __device__ __forceinline__ void set(const Number (&x)[length]) {
#pragma unroll
    for (int i = 0; i < length; i += 2)
      this->words[i / 2] = pack_bf16(static_cast<float>(x[i]), static_cast<float>(x[i + 1]));
  }
};
template <> struct vector<bf16, 2> : bf16_vector<2> {};
template <> struct vector<bf16, 4> : bf16_vector<4> {};
template <> struct vector<bf16, 8> : bf16_vector<8> {};

template <int length, class T>
__device__ __forceinline__ vector<T, length> load(const T *place) {
  vector<T, length> x;
  x.load(place);
  return x;
}
template <int length, class T, class Number>
__device__ __forceinline__ void store(T *place, const Number (&x)[length]) {
  vector<T, length> y;
  y.set(x);
  y.store(place);
}

// Threads of a block of these ways, and how many blocks a multiprocessor shall hold: 40 registers a thread, 64 where
// numbers are float64.
constexpr int block_threads = 256;
template <class T> constexpr int resident_blocks = 6;
template <> constexpr int resident_blocks<double> = 4;
#define VECTOR_KERNEL(name, T, ...) KERNEL_BOUNDED(name, block_threads, resident_blocks<T>, __VA_ARGS__)

// Elements 0..<n by blocks of `block_threads`. A thread has as many vectors of `length` as make four accesses of the
// `reads` operands that are read, the block's side by side, and loads all before it finishes the first; so there are
// n / (block_threads · length · 4 / reads) blocks. From `head` on every operand is aligned for vectors; elements before
// it and behind the last whole vector go one by one (head = n where no place suits all operands).
//
// `work` has read<length>(i), what is read for elements i..<i + length, and finish<length>(i, loaded), which computes
// and writes.
template <int length, int reads, class Work>
__device__ __forceinline__ void over_elements(const Work &work, long head, long n) {
  constexpr int unroll = 4 / reads;
  constexpr int step = block_threads * length;
  long vectors = (n - head) / length, first = blockIdx.x * static_cast<long>(block_threads * unroll) + threadIdx.x;
  long left = vectors - first, begin = head + first * length;
  decltype(work.template read<length>(0)) loaded[unroll];
#pragma unroll
  for (int u = 0; u < unroll; u++)
    if (u * block_threads < left) loaded[u] = work.template read<length>(begin + u * step);
#pragma unroll
  for (int u = 0; u < unroll; u++)
    if (u * block_threads < left) work.template finish<length>(begin + u * step, loaded[u]);
  long whole = vectors * length;
#pragma unroll 1
  GRID_STRIDE(single, n - whole) {
    long i = single < head ? single : single + whole;
    work.template finish<1>(i, work.template read<1>(i));
  }
}

#endif
