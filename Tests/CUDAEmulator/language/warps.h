// Barriers, shuffles and votes.
#pragma once

inline void __syncthreads() { emulator::meet_block("__syncthreads"); }
inline void __syncwarp(unsigned mask = 0xffffffffu) {
  emulator::meet_warp(mask, "__syncwarp", [](void *const (&)[32]) {}, nullptr);
}

namespace emulator {

struct Shuffle {
  unsigned long value, result;
  int source;  // the lane whose value this one wants
};

// Gives every lane the value of the one it wants. A lane that is not there has no value.
inline void shuffle(void *const (&lanes)[32]) {
  for (void *lane : lanes) {
    Shuffle *shuffle = static_cast<Shuffle *>(lane);
    if (!shuffle) continue;
    const Shuffle *source = static_cast<const Shuffle *>(lanes[shuffle->source]);
    if (!source) fail("a shuffle reads lane %d, which does not take part or has ended", shuffle->source);
    shuffle->result = source->value;
  }
}

inline int lane() {
  return static_cast<int>((threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z)) % 32);
}

template <class T>
T shuffle(unsigned mask, const char *operation, T value, int source) {
  static_assert(sizeof(T) <= sizeof(unsigned long), "");
  Shuffle operand = {0, 0, source};
  __builtin_memcpy(&operand.value, &value, sizeof value);
  meet_warp(mask, operation, shuffle, &operand);
  __builtin_memcpy(&value, &operand.result, sizeof value);
  return value;
}

// Lanes are cut into segments of `width`, and no one looks over its segment's edge but gets its own value there.
inline int down(int delta, int width) { return lane() % width + delta < width ? lane() + delta : lane(); }
inline int up(int delta, int width) { return lane() % width >= delta ? lane() - delta : lane(); }
inline int across(int mask, int width) {
  int source = lane() ^ mask;
  return source < (lane() / width + 1) * width ? source : lane();
}

struct Vote {
  bool yes;
  unsigned ballot;
};
inline void vote(void *const (&lanes)[32]) {
  unsigned ballot = 0;
  for (int i = 0; i < 32; i++)
    if (lanes[i] && static_cast<Vote *>(lanes[i])->yes) ballot |= 1u << i;
  for (void *lane : lanes)
    if (lane) static_cast<Vote *>(lane)->ballot = ballot;
}

}  // namespace emulator

#define EMULATED_SHUFFLES(type) \
  inline type __shfl_sync(unsigned mask, type x, int source, int width = 32) { \
    return emulator::shuffle(mask, "__shfl_sync", x, emulator::lane() / width * width + (source & (width - 1))); \
  } \
  inline type __shfl_xor_sync(unsigned mask, type x, int lanes, int width = 32) { \
    return emulator::shuffle(mask, "__shfl_xor_sync", x, emulator::across(lanes, width)); \
  } \
  inline type __shfl_down_sync(unsigned mask, type x, unsigned delta, int width = 32) { \
    return emulator::shuffle(mask, "__shfl_down_sync", x, emulator::down(static_cast<int>(delta), width)); \
  } \
  inline type __shfl_up_sync(unsigned mask, type x, unsigned delta, int width = 32) { \
    return emulator::shuffle(mask, "__shfl_up_sync", x, emulator::up(static_cast<int>(delta), width)); \
  }
EMULATED_SHUFFLES(int) EMULATED_SHUFFLES(unsigned) EMULATED_SHUFFLES(long) EMULATED_SHUFFLES(unsigned long)
EMULATED_SHUFFLES(long long) EMULATED_SHUFFLES(unsigned long long) EMULATED_SHUFFLES(float)
EMULATED_SHUFFLES(double)
#undef EMULATED_SHUFFLES

inline unsigned __ballot_sync(unsigned mask, int yes) {
  emulator::Vote vote = {yes != 0, 0};
  emulator::meet_warp(mask, "__ballot_sync", emulator::vote, &vote);
  return vote.ballot;
}
inline int __any_sync(unsigned mask, int yes) {
  emulator::Vote vote = {yes != 0, 0};
  emulator::meet_warp(mask, "__any_sync", emulator::vote, &vote);
  return vote.ballot != 0;
}
inline int __all_sync(unsigned mask, int yes) {
  emulator::Vote vote = {yes == 0, 0};
  emulator::meet_warp(mask, "__all_sync", emulator::vote, &vote);
  return vote.ballot == 0;
}
