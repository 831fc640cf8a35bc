// What the matrix instructions do for a whole warp.
#include "../language/cuda.h"

namespace emulator {

static void load(void *const (&lanes)[32], bool transposed) {
  unsigned short matrices[4][8][8];
  for (int i = 0; i < 32; i++) {
    if (!lanes[i]) fail("load_matrices needs the whole warp; lane %d has ended", i);
    const void *row = static_cast<MatrixRow *>(lanes[i])->row;
    if (reinterpret_cast<unsigned long>(row) % 16) fail("load_matrices: lane %d's row is not aligned to 16 bytes", i);
    if (!is_shared(row, 16)) fail("load_matrices: lane %d's row is not in shared memory", i);
    __builtin_memcpy(matrices[i / 8][i % 8], row, 16);
  }
  for (int i = 0; i < 32; i++)
    for (int m = 0; m < 4; m++) {
      int row = i / 4, column = 2 * (i % 4);
      unsigned low = transposed ? matrices[m][column][row] : matrices[m][row][column];
      unsigned high = transposed ? matrices[m][column + 1][row] : matrices[m][row][column + 1];
      static_cast<MatrixRow *>(lanes[i])->registers[m] = low | high << 16;
    }
}
void load_matrices(void *const (&lanes)[32]) { load(lanes, false); }
void load_matrices_transposed(void *const (&lanes)[32]) { load(lanes, true); }

void multiply_add(void *const (&lanes)[32]) {
  float a[16][16], b[16][8], d[16][8];
  for (int i = 0; i < 32; i++) {
    if (!lanes[i]) fail("multiply_add needs the whole warp; lane %d has ended", i);
    const Fragments *lane = static_cast<Fragments *>(lanes[i]);
    int row = i / 4, column = 2 * (i % 4);
    for (int half = 0; half < 2; half++) {
      unsigned shift = half * 16;
      for (int m = 0; m < 4; m++)
        a[row + 8 * (m % 2)][column + 8 * (m / 2) + half] = widen_bf16((lane->a[m] >> shift) & 0xffff);
      for (int m = 0; m < 2; m++) b[column + 8 * m + half][row] = widen_bf16((lane->b[m] >> shift) & 0xffff);
    }
    for (int m = 0; m < 4; m++) d[row + 8 * (m / 2)][column + m % 2] = lane->d[m];
  }
  for (int i = 0; i < 16; i++)
    for (int k = 0; k < 16; k++)
      for (int j = 0; j < 8; j++) d[i][j] += a[i][k] * b[k][j];
  for (int i = 0; i < 32; i++)
    for (int m = 0; m < 4; m++)
      static_cast<Fragments *>(lanes[i])->d[m] = d[i / 4 + 8 * (m / 2)][2 * (i % 4) + m % 2];
}

}  // namespace emulator
