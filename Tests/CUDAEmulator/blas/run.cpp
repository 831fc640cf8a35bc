// The numbers: D = α·op(A)·op(B) + β·C + bias, column-major, summed in the compute type and rounded once.
#include "algorithm.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <iterator>
#include <vector>

namespace {

struct BFloat16 {
  uint16_t bits;
};

float widen(BFloat16 x) {
  uint32_t bits = static_cast<uint32_t>(x.bits) << 16;
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}
float widen(float x) { return x; }
double widen(double x) { return x; }

template <class T, class W>
T narrow(W x) {
  return static_cast<T>(x);
}
// To the nearest, ties to even; NaN stays NaN.
template <>
BFloat16 narrow<BFloat16, float>(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, 4);
  if (x != x) return {static_cast<uint16_t>(bits >> 16 | 0x40)};
  return {static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16)};
}

// Rows and columns of D that are summed together, and what a split product takes of the inner axis at once.
constexpr uint64_t tileRows = 16, tileColumns = 4, tileInner = 64;

// op(X)(i, k) for `width` of i from `first` on, as k vectors of `width`; zeros where i is not there.
template <class T, class W>
void pack(const T *matrix, int64_t stride, bool vectorsAreRows, uint64_t first, uint64_t count, uint64_t width,
          uint64_t k, std::vector<W> &packed) {
  packed.assign(k * width, W(0));
  uint64_t present = std::min(width, count - first);
  for (uint64_t j = 0; j < k; j++)
    for (uint64_t i = 0; i < present; i++) {
      int64_t along = static_cast<int64_t>(first + i), across = static_cast<int64_t>(j);
      packed[j * width + i] = widen(matrix[vectorsAreRows ? along * stride + across : across * stride + along]);
    }
}

// sums[column][row] = Σ over k in first..<last, in ascending order.
template <class W>
void sum(const W *left, const W *right, uint64_t first, uint64_t last, W (&sums)[tileColumns][tileRows]) {
  for (auto &column : sums) std::fill(std::begin(column), std::end(column), W(0));
  for (uint64_t k = first; k < last; k++)
    for (uint64_t j = 0; j < tileColumns; j++)
      for (uint64_t i = 0; i < tileRows; i++) sums[j][i] += left[k * tileRows + i] * right[k * tileColumns + j];
}

template <class T, class R, class W>
void product(const Job &job) {
  const Problem &p = job.problem;
  bool turnsA = job.product.transposeA == CUBLAS_OP_T, turnsB = job.product.transposeB == CUBLAS_OP_T;
  bool hasBias = job.product.epilogue == CUBLASLT_EPILOGUE_BIAS;
  uint64_t splits = static_cast<uint64_t>(job.algorithm.splits), total = p.m * p.n;
  // What versions of the real one were seen to do: a split product leaves out what its tiles do not divide.
  uint64_t summed = splits == 1 ? p.k : p.k - p.k % tileInner;
  // The partial sums of a split product lie in the workspace, as those of a real one do; in place they have none, and
  // every other call takes them from the other end.
  bool inPlace = job.algorithm.reduction == CUBLASLT_REDUCTION_SCHEME_INPLACE;
  static std::atomic<unsigned> calls{0};
  bool backwards = inPlace && calls++ % 2 == 1;
  std::vector<W> own(inPlace ? splits * total : 0);
  W *partial = inPlace ? own.data() : static_cast<W *>(job.workspace);
  W alpha = static_cast<W>(job.alpha), beta = static_cast<W>(job.beta);
  std::vector<std::vector<W>> right((p.n + tileColumns - 1) / tileColumns);
  std::vector<W> left;
  for (int64_t item = 0; item < p.batch; item++) {
    const T *a = static_cast<const T *>(job.aMatrix) + item * job.a.batchStride;
    const T *b = static_cast<const T *>(job.bMatrix) + item * job.b.batchStride;
    R *d = static_cast<R *>(job.dMatrix) + item * job.d.batchStride;
    const R *c = static_cast<const R *>(job.cMatrix) + item * job.c.batchStride;
    for (uint64_t n = 0; n < p.n; n += tileColumns)
      pack(b, job.b.leadingDimension, !turnsB, n, p.n, tileColumns, p.k, right[n / tileColumns]);
    for (uint64_t m = 0; m < p.m; m += tileRows) {
      pack(a, job.a.leadingDimension, turnsA, m, p.m, tileRows, p.k, left);
      for (uint64_t n = 0; n < p.n; n += tileColumns) {
        uint64_t rows = std::min(tileRows, p.m - m), columns = std::min(tileColumns, p.n - n);
        W sums[tileColumns][tileRows];
        for (uint64_t split = 0; splits > 1 && split < splits; split++) {
          sum(left.data(), right[n / tileColumns].data(), summed * split / splits, summed * (split + 1) / splits, sums);
          for (uint64_t j = 0; j < columns; j++)
            for (uint64_t i = 0; i < rows; i++) partial[split * total + (n + j) * p.m + m + i] = sums[j][i];
        }
        if (splits == 1) sum(left.data(), right[n / tileColumns].data(), uint64_t(0), p.k, sums);
        for (uint64_t j = 0; j < columns; j++)
          for (uint64_t i = 0; i < rows; i++) {
            W value = splits == 1 ? sums[j][i] : W(0);
            for (uint64_t part = 0; splits > 1 && part < splits; part++) {
              uint64_t split = backwards ? splits - 1 - part : part;
              value += partial[split * total + (n + j) * p.m + m + i];
            }
            value *= alpha;
            int64_t column = static_cast<int64_t>(n + j), row = static_cast<int64_t>(m + i);
            if (hasBias) value += widen(static_cast<const R *>(job.product.bias)[row]);
            // C is not read where β is 0: it may hold anything.
            if (beta != 0) value += beta * widen(c[column * job.c.leadingDimension + row]);
            d[column * job.d.leadingDimension + row] = narrow<R>(value);
          }
      }
    }
  }
}

}  // namespace

// The bias has the type of D in every supported case.
void run(const Job &job) {
  if (job.a.type == CUDA_R_64F)
    product<double, double, double>(job);
  else if (job.a.type == CUDA_R_32F)
    product<float, float, float>(job);
  else if (job.d.type == CUDA_R_32F)
    product<BFloat16, float, float>(job);
  else
    product<BFloat16, BFloat16, float>(job);
}
