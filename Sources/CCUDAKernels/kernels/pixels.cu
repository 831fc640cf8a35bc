// Bytes of pictures to normalised rows of patches, for the convolution of an encoder's first layer, whose stride is its
// kernel size: (picture, patch row, patch column) × (channel, row, column). Floor: 3 or 1.5 bytes a pixel read, three
// numbers a pixel written: 2,816 pictures of 224² in bfloat16 read 0.42 or 0.21 GB and write 0.85 GB.
#include "vectors.cuh"

namespace {

// `count` bytes side by side, aligned to as many, as numbers.
template <int count>
__device__ __forceinline__ void load_bytes(const unsigned char *place, int (&x)[count]) {
  unsigned words[(count + 3) / 4];
  if constexpr (count == 1) words[0] = *place;
  else if constexpr (count == 2) words[0] = *reinterpret_cast<const unsigned short *>(place);
  else load_words(words, place);
#pragma unroll
  for (int i = 0; i < count; i++) x[i] = static_cast<int>(words[i / 4] >> (i % 4 * 8) & 0xffu);
}

// Planes red, green, blue.
struct rgb_planes {
  const unsigned char *planes;
  int size;

  __device__ static constexpr long byte_count(long size) { return 3 * size * size; }

  // The pixels from (row, column) on, to the right: channels of bytes.
  template <int length>
  __device__ __forceinline__ void read(int row, int column, int (&rgb)[3][length]) const {
    long area = static_cast<long>(size) * size;
    const unsigned char *place = planes + static_cast<long>(row) * size + column;
#pragma unroll
    for (int channel = 0; channel < 3; channel++) load_bytes(place + channel * area, rgb[channel]);
  }
};

// Y [size, size], Cb and Cr [half, half], half = ⌈size/2⌉, full range BT.601; formulas and rounding are libjpeg's, to
// the byte those of the CPU worker (pixel_planes.c).
struct yuv420_planes {
  const unsigned char *planes;
  int size;

  __device__ static constexpr long byte_count(long size) {
    return size * size + 2 * ((size + 1) / 2) * ((size + 1) / 2);
  }

  __device__ __forceinline__ static int byte(int x) { return min(max(x, 0), 255); }

  // Chroma between samples, by a triangle filter: 3/4 of the nearer and 1/4 of the farther row, then column.
  __device__ __forceinline__ static int upsampled(int near, int beside, int rounding) {
    return (3 * near + beside + rounding) >> 4;
  }

  // 3/4 of the nearer and 1/4 of the farther row of a plane, times 4: of columns `first` − 1 to `first` + count, the
  // plane's edge repeated. `count` columns are read at once.
  template <int count>
  __device__ __forceinline__ static void column_sums(const unsigned char *near, const unsigned char *far, int first,
                                                     int half, int (&sums)[count + 2]) {
    int before = max(first - 1, 0), behind = min(first + count, half - 1), n[count], f[count];
    load_bytes(near + first, n);
    load_bytes(far + first, f);
    sums[0] = 3 * near[before] + far[before];
#pragma unroll
    for (int i = 0; i < count; i++) sums[i + 1] = 3 * n[i] + f[i];
    sums[count + 1] = 3 * near[behind] + far[behind];
  }

  template <int length>
  __device__ __forceinline__ void read(int row, int column, int (&rgb)[3][length]) const {
    int half = (size + 1) / 2, near = row / 2, far = min(max(row % 2 ? near + 1 : near - 1, 0), half - 1);
    long area = static_cast<long>(size) * size, chroma_area = static_cast<long>(half) * half;
    int luma[length], chroma[2][length];
    load_bytes(planes + static_cast<long>(row) * size + column, luma);
#pragma unroll
    for (int c = 0; c < 2; c++) {
      const unsigned char *plane = planes + area + c * chroma_area;
      const unsigned char *near_row = plane + static_cast<long>(near) * half;
      const unsigned char *far_row = plane + static_cast<long>(far) * half;
      constexpr int count = (length + 1) / 2;
      int sums[count + 2];
      column_sums<count>(near_row, far_row, column / 2, half, sums);
      if constexpr (length == 1) {
        chroma[c][0] = column % 2 ? upsampled(sums[1], sums[2], 7) : upsampled(sums[1], sums[0], 8);
      } else {
#pragma unroll
        for (int k = 0; k < length; k += 2) {
          chroma[c][k] = upsampled(sums[k / 2 + 1], sums[k / 2], 8);
          chroma[c][k + 1] = upsampled(sums[k / 2 + 1], sums[k / 2 + 2], 7);
        }
      }
    }
#pragma unroll
    for (int k = 0; k < length; k++) {
      int u = chroma[0][k] - 128, v = chroma[1][k] - 128;
      rgb[0][k] = byte(luma[k] + ((91881 * v + 32768) >> 16));
      rgb[1][k] = byte(luma[k] + ((-22554 * u - 46802 * v + 32768) >> 16));
      rgb[2][k] = byte(luma[k] + ((116130 * u + 32768) >> 16));
    }
  }
};

// Byte x of a channel becomes scale·x + shift.
template <class T>
struct normalization {
  T scale[3], shift[3];
};

// A block makes a row of patches of one picture: blocks along x are pictures by rows of patches. A thread has `length`
// pixels of one row of a patch, of all channels, and the same place of every so many-th patch to the right. Threads
// side by side write side by side; what they read, a patch's rows of 16 or 32 bytes, is whole sectors, or halves of
// which a thread of the same block reads the other. Where a patch has more places than a block has threads, blocks along
// y share them.
template <int length, class Planes, class E, class T>
__device__ __forceinline__ void row_of_patches(const unsigned char *bytes, E *y, int size, int patch,
                                               const normalization<T> &norm) {
  int grid = size / patch, across = patch / length, places = patch * across;
  int side_by_side = max(static_cast<int>(blockDim.x) / places, 1);
  int item = static_cast<int>(blockIdx.y * blockDim.x + threadIdx.x);
  if (item >= side_by_side * places) return;
  int left = item / places, place = item - left * places;
  int row = place / across, column = (place - row * across) * length;
  int picture = static_cast<int>(blockIdx.x) / grid, top = static_cast<int>(blockIdx.x) - picture * grid;
  Planes planes = {bytes + picture * Planes::byte_count(size), size};
  int area = patch * patch;
  y += (static_cast<long>(blockIdx.x) * grid * 3) * area + row * patch + column;
#pragma unroll 1
  for (; left < grid; left += side_by_side) {
    int rgb[3][length];
    planes.read(top * patch + row, left * patch + column, rgb);
#pragma unroll
    for (int channel = 0; channel < 3; channel++) {
      T normalised[length];
#pragma unroll
      for (int k = 0; k < length; k++)
        normalised[k] = static_cast<T>(rgb[channel][k]) * norm.scale[channel] + norm.shift[channel];
      store<length>(y + (static_cast<long>(left) * 3 + channel) * area, normalised);
    }
  }
}

}  // namespace

// In vectors where `is_aligned`: bytes, size, patch and result permit it.
#define PATCHES(layout, suffix, E, blocks) \
  KERNEL_BOUNDED(patches_##layout##_##suffix, block_threads, blocks, const unsigned char *bytes, E *y, int size, \
                 int patch, wide<E>::type red_scale, wide<E>::type green_scale, wide<E>::type blue_scale, \
                 wide<E>::type red_shift, wide<E>::type green_shift, wide<E>::type blue_shift, int is_aligned) { \
    normalization<wide<E>::type> norm = {{red_scale, green_scale, blue_scale}, {red_shift, green_shift, blue_shift}}; \
    if (is_aligned) row_of_patches<vector_length<E>(), layout##_planes>(bytes, y, size, patch, norm); \
    else row_of_patches<1, layout##_planes>(bytes, y, size, patch, norm); \
  }
PATCHES(rgb, bf16, bf16, 6)
PATCHES(rgb, f32, float, 6)
PATCHES(rgb, f64, double, 4)
PATCHES(yuv420, bf16, bf16, 4)
PATCHES(yuv420, f32, float, 4)
PATCHES(yuv420, f64, double, 4)
