// softmax and log-softmax of rows of any length, with their backward passes; −∞ gets no share. A row of −∞ alone gives
// NaN, as the formula does: no caller makes one.
//
// Up to 32 threads have a row together, or a block where it is long. Floor: each operand read and the result written
// once. A row is looked at up to three times, but comes from memory the first time alone while the rows under way fit
// in the caches.
#include "rows.cuh"

template <class T> __device__ __forceinline__ T minus_infinity() { return -__uint_as_float(0x7f800000u); }

__device__ __forceinline__ float exponential(float x) { return expf(x); }
__device__ __forceinline__ double exponential(double x) { return exp(x); }
__device__ __forceinline__ float logarithm(float x) { return logf(x); }
__device__ __forceinline__ double logarithm(double x) { return log(x); }

// max x and Σ exp(x − max x) of a row.
template <class Team, class T>
__device__ __forceinline__ void weigh_row(const Team &team, const T *row, long end, T &top, T &sum) {
  top = minus_infinity<T>();
#pragma unroll 4
  for (long c = team.lane; c < end; c += team.lanes) top = row[c] > top ? row[c] : top;
  top = team.maximum(top);
  sum = 0;
#pragma unroll 4
  for (long c = team.lane; c < end; c += team.lanes) sum += exponential(row[c] - top);
  sum = team.sum(sum);
}

template <class Team, class T>
__device__ __forceinline__ void softmax_row(const Team &team, const T *x, T *y, long columns) {
  long first = team.row * columns, end = team.exists ? columns : 0;
  T top, sum;
  weigh_row(team, x + first, end, top, sum);
  T inverse = 1 / sum;
#pragma unroll 4
  for (long c = team.lane; c < end; c += team.lanes) y[first + c] = exponential(x[first + c] - top) * inverse;
}

template <class Team, class T>
__device__ __forceinline__ void log_softmax_row(const Team &team, const T *x, T *y, long columns) {
  long first = team.row * columns, end = team.exists ? columns : 0;
  T top, sum;
  weigh_row(team, x + first, end, top, sum);
  T shift = top + logarithm(sum);
#pragma unroll 4
  for (long c = team.lane; c < end; c += team.lanes) y[first + c] = x[first + c] - shift;
}

// dx = y·(dy − Σ y·dy)
template <class Team, class T>
__device__ __forceinline__ void softmax_backward_row(const Team &team, const T *y, const T *dy, T *dx, long columns) {
  long first = team.row * columns, end = team.exists ? columns : 0;
  T dot = 0;
#pragma unroll 4
  for (long c = team.lane; c < end; c += team.lanes) dot += y[first + c] * dy[first + c];
  dot = team.sum(dot);
#pragma unroll 4
  for (long c = team.lane; c < end; c += team.lanes) dx[first + c] = y[first + c] * (dy[first + c] - dot);
}

// dx = dy − exp(y)·Σ dy
template <class Team, class T>
__device__ __forceinline__ void log_softmax_backward_row(const Team &team, const T *y, const T *dy, T *dx,
                                                         long columns) {
  long first = team.row * columns, end = team.exists ? columns : 0;
  T sum = 0;
#pragma unroll 4
  for (long c = team.lane; c < end; c += team.lanes) sum += dy[first + c];
  sum = team.sum(sum);
#pragma unroll 4
  for (long c = team.lane; c < end; c += team.lanes) dx[first + c] = dy[first + c] - exponential(y[first + c]) * sum;
}

KERNEL(softmax_f32, const float *x, float *y, long rows, long columns, int lanes) {
  WITH_TEAM(rows, lanes, softmax_row(team, x, y, columns));
}
KERNEL(softmax_f64, const double *x, double *y, long rows, long columns, int lanes) {
  WITH_TEAM(rows, lanes, softmax_row(team, x, y, columns));
}
KERNEL(log_softmax_f32, const float *x, float *y, long rows, long columns, int lanes) {
  WITH_TEAM(rows, lanes, log_softmax_row(team, x, y, columns));
}
KERNEL(log_softmax_f64, const double *x, double *y, long rows, long columns, int lanes) {
  WITH_TEAM(rows, lanes, log_softmax_row(team, x, y, columns));
}
KERNEL(softmax_backward_f32, const float *y, const float *dy, float *dx, long rows, long columns, int lanes) {
  WITH_TEAM(rows, lanes, softmax_backward_row(team, y, dy, dx, columns));
}
KERNEL(softmax_backward_f64, const double *y, const double *dy, double *dx, long rows, long columns, int lanes) {
  WITH_TEAM(rows, lanes, softmax_backward_row(team, y, dy, dx, columns));
}
KERNEL(log_softmax_backward_f32, const float *y, const float *dy, float *dx, long rows, long columns, int lanes) {
  WITH_TEAM(rows, lanes, log_softmax_backward_row(team, y, dy, dx, columns));
}
KERNEL(log_softmax_backward_f64, const double *y, const double *dy, double *dx, long rows, long columns, int lanes) {
  WITH_TEAM(rows, lanes, log_softmax_backward_row(team, y, dy, dx, columns));
}
