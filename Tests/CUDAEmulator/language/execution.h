// What kernels and the runner of fibers (execution/) ask of each other.
#pragma once

namespace emulator {

// A kernel as the driver finds and starts it.
struct Kernel {
  const char *name;
  const char *unit;  // the file it comes from: "elementwise.cu"
  void (*run)(void **parameters);
  int maximum_threads;  // of a block
  int parameter_count;
  const unsigned *parameter_sizes;
  unsigned char *shared_begin, *shared_end;  // the static shared memory of its file
};
bool add(const Kernel &kernel);

// The running block's memory whose size the launch gave.
extern unsigned char *dynamic_shared __attribute__((visibility("hidden")));

// Waits for all threads of the block.
void meet_block(const char *operation);

// Waits for all threads of the warp that `mask` names. The last to come calls `combine`, once for all, with the operands
// of the lanes; null for lanes that are not in `mask` or have ended.
typedef void (*Combine)(void *const (&operands)[32]);
void meet_warp(unsigned mask, const char *operation, Combine combine, void *operand);

// Ends the process with a message that names kernel, block and thread.
[[noreturn]] void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

// Whether the bytes are shared memory of the running block.
bool is_shared(const void *address, unsigned long bytes);

// Copies that take effect when their thread waits for them, in order; until then the target holds what no one can want.
void copy_later(void *shared, const void *global, unsigned long bytes, bool valid);
void commit_copies();
void wait_copies(unsigned pending);

}  // namespace emulator
