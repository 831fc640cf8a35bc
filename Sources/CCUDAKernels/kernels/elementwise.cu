// One number after the other: constants, copies between formats, sums, products, functions and their derivatives, and
// rows with a vector. Bound by memory; each kernel's floor is the bytes of its operands, each moved once, which stand
// beside it as bytes an element.
#include "vectors.cuh"

namespace {

constexpr float log2_of_e = 1.44269504088896341f;

__device__ __forceinline__ float exponential(float x) { return expf(x); }
__device__ __forceinline__ double exponential(double x) { return exp(x); }
__device__ __forceinline__ float logarithm(float x) { return logf(x); }
__device__ __forceinline__ double logarithm(double x) { return log(x); }
__device__ __forceinline__ float square_root_of(float x) { return sqrtf(x); }
__device__ __forceinline__ double square_root_of(double x) { return sqrt(x); }
__device__ __forceinline__ float error_function(float x) { return erff(x); }
__device__ __forceinline__ double error_function(double x) { return erf(x); }

// 1/(1 + e^-x), for numbers of the format T. That of bfloat16 has two approximate instructions, at 2^-20 of the number;
// e^-x stays below 2^125, so that the result is next to 0 rather than 0 and −∞ times it is −∞, as on the CPU.
template <class T>
__device__ __forceinline__ typename wide<T>::type logistic(typename wide<T>::type x) {
  return 1 / (1 + exponential(-x));
}
template <>
__device__ __forceinline__ float logistic<bf16>(float x) {
  return reciprocal_fast(1 + exp2_fast(fminf(x * -log2_of_e, 125.f)));
}

// ---- what is done with the elements

// y[i] = f()
template <class T, class Function>
struct made {
  T *y;
  Function f;

  template <int length> __device__ __forceinline__ int read(long) const { return 0; }
  template <int length> __device__ __forceinline__ void finish(long i, int) const {
    typename wide<T>::type result[length];
#pragma unroll
    for (int k = 0; k < length; k++) result[k] = f();
    store<length>(y + i, result);
  }
};

// y[i] = x[i], the bits as they are, of a NaN too
template <class Bits>
struct copied {
  const Bits *x;
  Bits *y;

  template <int length> __device__ __forceinline__ vector<Bits, length> read(long i) const {
    return load<length>(x + i);
  }
  template <int length> __device__ __forceinline__ void finish(long i, const vector<Bits, length> &loaded) const {
    loaded.store(y + i);
  }
};

// y[i] = f(x[i])
template <class X, class Y, class Function>
struct mapped {
  const X *x;
  Y *y;
  Function f;

  template <int length> __device__ __forceinline__ vector<X, length> read(long i) const {
    return load<length>(x + i);
  }
  template <int length> __device__ __forceinline__ void finish(long i, const vector<X, length> &loaded) const {
    decltype(f(loaded.at(0))) result[length];
#pragma unroll
    for (int k = 0; k < length; k++) result[k] = f(loaded.at(k));
    store<length>(y + i, result);
  }
};

template <class A, class B, int length>
struct loaded_pair {
  vector<A, length> a;
  vector<B, length> b;
};

// y[i] = f(a[i], b[i])
template <class A, class B, class Y, class Function>
struct combined {
  const A *a;
  const B *b;
  Y *y;
  Function f;

  template <int length> __device__ __forceinline__ loaded_pair<A, B, length> read(long i) const {
    return {load<length>(a + i), load<length>(b + i)};
  }
  template <int length> __device__ __forceinline__ void finish(long i, const loaded_pair<A, B, length> &loaded) const {
    decltype(f(loaded.a.at(0), loaded.b.at(0))) result[length];
#pragma unroll
    for (int k = 0; k < length; k++) result[k] = f(loaded.a.at(k), loaded.b.at(k));
    store<length>(y + i, result);
  }
};

template <class T, class Function>
__device__ __forceinline__ void make(T *y, long head, long n, Function f) {
  over_elements<vector_length<T>(), 1>(made<T, Function>{y, f}, head, n);
}
template <class X, class Y, class Function>
__device__ __forceinline__ void map(const X *x, Y *y, long head, long n, Function f) {
  over_elements<vector_length<X, Y>(), 1>(mapped<X, Y, Function>{x, y, f}, head, n);
}
template <class A, class B, class Y, class Function>
__device__ __forceinline__ void combine(const A *a, const B *b, Y *y, long head, long n, Function f) {
  over_elements<vector_length<A, B, Y>(), 2>(combined<A, B, Y, Function>{a, b, y, f}, head, n);
}

}  // namespace

// ---- constants and copies

// 2, 4, 8
#define FILL(suffix, T) \
  VECTOR_KERNEL(fill_##suffix, T, T *y, wide<T>::type value, long head, long n) { \
    make(y, head, n, [=] { return value; }); \
  }
FILL(bf16, bf16)
FILL(f32, float)
FILL(f64, double)

// 4, 8, 16
#define COPY(suffix, Bits) \
  VECTOR_KERNEL(copy_##suffix, Bits, const Bits *x, Bits *y, long head, long n) { \
    over_elements<vector_length<Bits>(), 1>(copied<Bits>{x, y}, head, n); \
  }
COPY(bf16, bf16)
COPY(f32, float)
COPY(f64, double)

// From one format to another; from float64 to bfloat16 by way of float32. 6, 10, 12
#define CONVERT(from, X, to, Y) \
  VECTOR_KERNEL(convert_##from##_##to, X, const X *x, Y *y, long head, long n) { \
    map(x, y, head, n, [](wide<X>::type value) { return value; }); \
  }
CONVERT(bf16, bf16, f32, float)
CONVERT(bf16, bf16, f64, double)
CONVERT(f32, float, bf16, bf16)
CONVERT(f32, float, f64, double)
CONVERT(f64, double, bf16, bf16)
CONVERT(f64, double, f32, float)

// ---- sums and products

// y += a·x; in T. 6 to 24
#define ADD_SCALED(from, X, to, Y, T) \
  VECTOR_KERNEL(add_scaled_##from##_##to, T, const X *x, T a, Y *y, long head, long n) { \
    combine(x, y, y, head, n, [=](wide<X>::type x, wide<Y>::type y) { return T(y) + a * T(x); }); \
  }
ADD_SCALED(bf16, bf16, bf16, bf16, float)
ADD_SCALED(f32, float, bf16, bf16, float)
ADD_SCALED(f64, double, bf16, bf16, float)
ADD_SCALED(bf16, bf16, f32, float, float)
ADD_SCALED(f32, float, f32, float, float)
ADD_SCALED(f64, double, f32, float, double)
ADD_SCALED(bf16, bf16, f64, double, double)
ADD_SCALED(f32, float, f64, double, double)
ADD_SCALED(f64, double, f64, double, double)

// 6, 12, 24
#define COMBINE(name, suffix, E, expression) \
  VECTOR_KERNEL(name##_##suffix, E, const E *a, const E *b, E *y, long head, long n) { \
    combine(a, b, y, head, n, [](wide<E>::type a, wide<E>::type b) { return expression; }); \
  }
COMBINE(add, bf16, bf16, a + b)
COMBINE(add, f32, float, a + b)
COMBINE(add, f64, double, a + b)
COMBINE(subtract, f32, float, a - b)
COMBINE(subtract, f64, double, a - b)
COMBINE(multiply, f32, float, a * b)
COMBINE(multiply, f64, double, a * b)

// `value` where the mask is not 0, NaN included. 12, 24
#define MASKED_FILL(suffix, T) \
  VECTOR_KERNEL(masked_fill_##suffix, T, const T *x, const T *mask, T value, T *y, long head, long n) { \
    combine(x, mask, y, head, n, [=](T x, T mask) { return mask != 0 ? value : x; }); \
  }
MASKED_FILL(f32, float)
MASKED_FILL(f64, double)

// ---- functions: y = f(x), 8 or 16 bytes, and dx = dy·f′, 12 or 24, from x or from y = f(x), whichever the Swift side
// gives as `x`
//
// Conditions are written so that NaN stays NaN: a rectifier must not hide that a step has diverged.
#define VALUE(suffix, T, name, expression) \
  VECTOR_KERNEL(name##_##suffix, T, const T *x, T *y, T a, T b, long head, long n) { \
    [[maybe_unused]] constants<T> with = {a, b}; \
    map(x, y, head, n, [=](T x) -> T { return expression; }); \
  }
#define DERIVATIVE(suffix, T, name, expression) \
  VECTOR_KERNEL(name##_derivative_##suffix, T, const T *x, const T *dy, T *dx, T a, long head, long n) { \
    [[maybe_unused]] constants<T> with = {a, T(0)}; \
    combine(x, dy, dx, head, n, [=](T x, T dy) -> T { return expression; }); \
  }
#define FUNCTION(name, value, derivative) \
  VALUE(f32, float, name, value) \
  VALUE(f64, double, name, value) \
  DERIVATIVE(f32, float, name, derivative) \
  DERIVATIVE(f64, double, name, derivative)

namespace {
template <class T>
struct constants {
  T a, b;
};

// The normal distribution, and x·Φ(x)′ = Φ(x) + x·φ(x).
template <class T>
__device__ __forceinline__ T normal_distribution(T x) {
  return T(0.5) * (1 + error_function(x * T(0.70710678118654752440)));
}
template <class T>
__device__ __forceinline__ T gelu_slope(T x) {
  return normal_distribution(x) + x * (T(0.39894228040143267794) * exponential(T(-0.5) * x * x));
}
}  // namespace

FUNCTION(relu, x < 0 ? 0 : x, x > 0 ? dy : 0)
FUNCTION(leaky_relu, x > 0 ? x : with.a * x, x > 0 ? dy : with.a * dy)
FUNCTION(gelu, x * normal_distribution(x), dy * gelu_slope(x))
FUNCTION(sigmoid, logistic<decltype(x)>(x), dy * x * (1 - x))
FUNCTION(exp, exponential(x), dy * x)
FUNCTION(log, logarithm(x), dy / x)
FUNCTION(square_root, square_root_of(x), dy * decltype(x)(0.5) / x)
FUNCTION(reciprocal, 1 / x, -dy * x * x)
FUNCTION(at_least, x < with.a ? with.a : x, x < with.a ? 0 : dy)
VALUE(f32, float, affine, with.a * x + with.b)
VALUE(f64, double, affine, with.a * x + with.b)

// ---- QuickGELU: y = x·s and dx = dy·s·(1 + 1.702x·(1 − s)), s = σ(1.702x)

namespace {
constexpr double quick_gelu_factor = 1.702;

template <class E>
struct quick_gelu {
  typedef typename wide<E>::type T;
  T x, s;

  __device__ __forceinline__ explicit quick_gelu(T x) : x(x), s(logistic<E>(T(quick_gelu_factor) * x)) {}
  __device__ __forceinline__ T value() const { return x * s; }
  __device__ __forceinline__ T derivative(T dy) const { return dy * s * (1 + T(quick_gelu_factor) * x * (1 - s)); }
};

template <class E>
struct quick_gelu_pass {
  const E *x, *dy;
  E *y, *dx;

  template <int length> __device__ __forceinline__ loaded_pair<E, E, length> read(long i) const {
    return {load<length>(x + i), load<length>(dy + i)};
  }
  template <int length> __device__ __forceinline__ void finish(long i, const loaded_pair<E, E, length> &loaded) const {
    typename wide<E>::type value[length], slope[length];
#pragma unroll
    for (int k = 0; k < length; k++) {
      quick_gelu<E> at(loaded.a.at(k));
      value[k] = at.value();
      slope[k] = at.derivative(loaded.b.at(k));
    }
    store<length>(y + i, value);
    store<length>(dx + i, slope);
  }
};
}  // namespace

// Forward 4, 8, 16; derivative alone 6, 12, 24; value again and derivative in one pass 8, 16, 32, where dx may be dy
// (two results: 48 registers).
#define QUICK_GELU(suffix, E) \
  VECTOR_KERNEL(quick_gelu_##suffix, E, const E *x, E *y, long head, long n) { \
    map(x, y, head, n, [](wide<E>::type x) { return quick_gelu<E>(x).value(); }); \
  } \
  VECTOR_KERNEL(quick_gelu_derivative_##suffix, E, const E *x, const E *dy, E *dx, long head, long n) { \
    combine(x, dy, dx, head, n, \
            [](wide<E>::type x, wide<E>::type dy) { return quick_gelu<E>(x).derivative(dy); }); \
  } \
  KERNEL_BOUNDED(quick_gelu_backward_##suffix, block_threads, 5, const E *x, const E *dy, E *y, E *dx, long head, \
                 long n) { \
    over_elements<vector_length<E>(), 2>(quick_gelu_pass<E>{x, dy, y, dx}, head, n); \
  }
QUICK_GELU(bf16, bf16)
QUICK_GELU(f32, float)
QUICK_GELU(f64, double)

// ---- rows with a vector: (rows × columns) and one number a column, or one number a row

namespace {

// y[r, c] = f(x[r, c], v[c])
template <class T, int length>
struct along_row {
  vector<T, length> v;

  __device__ __forceinline__ along_row(const T *v, long column) : v(load<length>(v + column)) {}
  __device__ __forceinline__ void load_row(long) {}
  __device__ __forceinline__ T at(int k) const { return v.at(k); }
};

// y[r, c] = f(x[r, c], v[r])
template <class T, int length>
struct along_column {
  const T *v;
  T number;

  __device__ __forceinline__ along_column(const T *v, long) : v(v) {}
  __device__ __forceinline__ void load_row(long row) { number = v[row]; }
  __device__ __forceinline__ T at(int) const { return number; }
};

// A thread has one place in the row, and rows `step` apart, two at a time. A block's threads are `across` places side
// by side, by as many rows as they suffice for; blocks lie along x over the columns and along y over the rows. No
// division but one a thread.
template <int length, template <class, int> class Operand, class T, class Function>
__device__ __forceinline__ void over_rows(const T *x, const T *v, T *y, long rows, long columns, int across,
                                          Function f) {
  int down = static_cast<int>(blockDim.x) / across, place = static_cast<int>(threadIdx.x) % across;
  long column = (blockIdx.x * static_cast<long>(across) + place) * length;
  if (column >= columns) return;
  long step = static_cast<long>(gridDim.y) * down, stride = step * columns;
  long row = blockIdx.y * static_cast<long>(down) + threadIdx.x / across;
  Operand<T, length> first(v, column), second = first;
  x += row * columns + column;
  y += row * columns + column;
#pragma unroll 1
  for (; row < rows; row += 2 * step, x += 2 * stride, y += 2 * stride) {
    bool has_second = row + step < rows;
    vector<T, length> above = load<length>(x), below;
    first.load_row(row);
    if (has_second) {
      below = load<length>(x + stride);
      second.load_row(row + step);
    }
    T result[length];
#pragma unroll
    for (int k = 0; k < length; k++) result[k] = f(above.at(k), first.at(k));
    store<length>(y, result);
    if (!has_second) return;
#pragma unroll
    for (int k = 0; k < length; k++) result[k] = f(below.at(k), second.at(k));
    store<length>(y + stride, result);
  }
}

}  // namespace

// In vectors where `is_aligned`: rows and columns permit it. 8 or 16 bytes an element of x.
#define OVER_ROWS_IN(suffix, T, name, Operand, expression) \
  VECTOR_KERNEL(name##_##suffix, T, const T *x, const T *v, T *y, long rows, long columns, int across, \
                int is_aligned) { \
    auto f = [](T x, T v) -> T { return expression; }; \
    if (is_aligned) over_rows<vector_length<T>(), Operand>(x, v, y, rows, columns, across, f); \
    else over_rows<1, Operand>(x, v, y, rows, columns, across, f); \
  }
#define OVER_ROWS(name, Operand, expression) \
  OVER_ROWS_IN(f32, float, name, Operand, expression) \
  OVER_ROWS_IN(f64, double, name, Operand, expression)
OVER_ROWS(add_suffix, along_row, x + v)
OVER_ROWS(add_column, along_column, x + v)
OVER_ROWS(scale_rows, along_column, x * v)
OVER_ROWS(compare_at_least, along_column, x >= v ? 1 : 0)
