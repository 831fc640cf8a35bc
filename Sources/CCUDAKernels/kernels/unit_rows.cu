// Rows brought to length 1, and the gradient of that.
#include "rows.cuh"

// x/max(‖x‖, ε) and ‖x‖. Floor: x read and the result written once; the second look at x meets it in a cache.
template <int n, class Team, class T>
__device__ __forceinline__ void unit_row(const Team &team, const T *x, T epsilon, T *result, T *lengths,
                                         long columns) {
  const T *row = x + team.row * columns;
  T *to = result + team.row * columns, squares = 0;
  long end = team.exists ? columns : 0, step = team.lanes * n;
#pragma unroll 4
  for (long c = team.lane * n; c < end; c += step) {
    T v[n];
    load<n>(row + c, v);
#pragma unroll
    for (int k = 0; k < n; k++) squares += v[k] * v[k];
  }
  T length = sqrt(team.sum(squares)), divisor = length < epsilon ? epsilon : length;
#pragma unroll 4
  for (long c = team.lane * n; c < end; c += step) {
    T v[n];
    load<n>(row + c, v);
    // Divided, not multiplied by the inverse: a row of one number becomes 1 exactly, and such rows tie where they are
    // ranked (the edges of the graph of a clip of one frame).
#pragma unroll
    for (int k = 0; k < n; k++) v[k] /= divisor;
    store<n>(to + c, v);
  }
  if (team.exists && team.lane == 0) lengths[team.row] = length;
}

// dx = (dy − y·(y·dy))/‖x‖; where ‖x‖ is below ε the divisor is the constant ε. Floor: y and dy read, dx written once.
template <int n, class Team, class T>
__device__ __forceinline__ void unit_row_backward(const Team &team, const T *y, const T *lengths, const T *dy,
                                                  T epsilon, T *dx, long columns) {
  long first = team.row * columns, end = team.exists ? columns : 0, step = team.lanes * n;
  T dot = 0;
#pragma unroll 4
  for (long c = team.lane * n; c < end; c += step) {
    T v[n], d[n];
    load<n>(y + first + c, v);
    load<n>(dy + first + c, d);
#pragma unroll
    for (int k = 0; k < n; k++) dot += v[k] * d[k];
  }
  dot = team.sum(dot);
  T length = team.exists ? lengths[team.row] : T(1);
  if (length < epsilon) dot = 0;
  T inverse = 1 / (length < epsilon ? epsilon : length);
#pragma unroll 4
  for (long c = team.lane * n; c < end; c += step) {
    T v[n], d[n];
    load<n>(y + first + c, v);
    load<n>(dy + first + c, d);
#pragma unroll
    for (int k = 0; k < n; k++) d[k] = (d[k] - v[k] * dot) * inverse;
    store<n>(dx + first + c, d);
  }
}

template <class T>
__device__ __forceinline__ void unit_rows(const T *x, T epsilon, T *result, T *lengths, long rows, long columns,
                                          int lanes) {
  if (has_vectors(x, columns) && has_vectors(result, columns))
    WITH_TEAM(rows, lanes, unit_row<vector_length<T>>(team, x, epsilon, result, lengths, columns));
  else
    WITH_TEAM(rows, lanes, unit_row<1>(team, x, epsilon, result, lengths, columns));
}
template <class T>
__device__ __forceinline__ void unit_rows_backward(const T *y, const T *lengths, const T *dy, T epsilon, T *dx,
                                                   long rows, long columns, int lanes) {
  if (has_vectors(y, columns) && has_vectors(dy, columns) && has_vectors(dx, columns))
    WITH_TEAM(rows, lanes, unit_row_backward<vector_length<T>>(team, y, lengths, dy, epsilon, dx, columns));
  else
    WITH_TEAM(rows, lanes, unit_row_backward<1>(team, y, lengths, dy, epsilon, dx, columns));
}

KERNEL(unit_rows_f32, const float *x, float epsilon, float *result, float *lengths, long rows, long columns,
       int lanes) {
  unit_rows(x, epsilon, result, lengths, rows, columns, lanes);
}
KERNEL(unit_rows_f64, const double *x, double epsilon, double *result, double *lengths, long rows, long columns,
       int lanes) {
  unit_rows(x, epsilon, result, lengths, rows, columns, lanes);
}
KERNEL(unit_rows_backward_f32, const float *y, const float *lengths, const float *dy, float epsilon, float *dx,
       long rows, long columns, int lanes) {
  unit_rows_backward(y, lengths, dy, epsilon, dx, rows, columns, lanes);
}
KERNEL(unit_rows_backward_f64, const double *y, const double *lengths, const double *dy, double epsilon, double *dx,
       long rows, long columns, int lanes) {
  unit_rows_backward(y, lengths, dy, epsilon, dx, rows, columns, lanes);
}
