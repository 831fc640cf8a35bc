// One step of AdamW over a range of parameters: weight, gradient and both moments read, weight and moments written, and
// the weight's bfloat16 copy where products take it: 28 or 30 bytes a parameter in float32, 56 or 58 in float64.
#include "vectors.cuh"

namespace {

template <class T>
struct adamw_constants {
  T scale, keep, rate, beta1, rest1, beta2, rest2, epsilon, root;
};

template <class T, int length>
struct loaded_parameters {
  vector<T, length> weight, gradient, first, second;
};

// m = β₁m + (1−β₁)g;  v = β₂v + (1−β₂)g²;  w = w·keep − rate·m/(√v·root + epsilon), where keep = 1 − rate·decay and the
// bias corrections are in `rate` and `root` already.
template <class T>
struct adamw_step {
  T *weight;
  const T *gradient;
  T *first, *second;
  bf16 *operand;  // null where there is none
  adamw_constants<T> c;

  template <int length> __device__ __forceinline__ loaded_parameters<T, length> read(long i) const {
    return {load<length>(weight + i), load<length>(gradient + i), load<length>(first + i), load<length>(second + i)};
  }
  template <int length>
  __device__ __forceinline__ void finish(long i, const loaded_parameters<T, length> &loaded) const {
    T w[length], m[length], v[length];
#pragma unroll
    for (int k = 0; k < length; k++) {
      T g = loaded.gradient.at(k) * c.scale;
      m[k] = c.beta1 * loaded.first.at(k) + c.rest1 * g;
      v[k] = c.beta2 * loaded.second.at(k) + c.rest2 * g * g;
      w[k] = loaded.weight.at(k) * c.keep - c.rate * m[k] / (sqrt(v[k]) * c.root + c.epsilon);
    }
    store<length>(first + i, m);
    store<length>(second + i, v);
    store<length>(weight + i, w);
    if (operand) store<length>(operand + i, w);
  }
};

}  // namespace

#define ADAMW(suffix, T) \
  VECTOR_KERNEL(adamw_##suffix, T, T *weight, const T *gradient, T *first, T *second, bf16 *operand, T scale, T keep, \
                T rate, T beta1, T rest1, T beta2, T rest2, T epsilon, T root, long head, long n) { \
    adamw_constants<T> c = {scale, keep, rate, beta1, rest1, beta2, rest2, epsilon, root}; \
    over_elements<vector_length<T>(), 4>(adamw_step<T>{weight, gradient, first, second, operand, c}, head, n); \
  }
ADAMW(f32, float)
ADAMW(f64, double)
