#include "runner.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <mutex>

#include "../language/vectors.h"
#include "fibers.h"

// What the running thread sees. Plain variables: one grid runs at a time, and each thread's are set when it goes on.
uint3 threadIdx;
uint3 blockIdx;
dim3 blockDim;
dim3 gridDim;

namespace emulator {

unsigned char *dynamic_shared;

namespace {

constexpr unsigned maximum_threads = 1024;
constexpr unsigned warp_lanes = 32;
constexpr unsigned char poison = 0xff;  // a NaN in every format, an index out of all bounds

struct Copy {
  void *shared;
  const void *global;
  unsigned long bytes;
  bool valid;
  unsigned group;
};

struct Thread {
  uint3 index;
  Fiber *fiber;
  const char *waits_for;  // null while it runs
  unsigned mask;
  Combine combine;
  void *operand;
  std::vector<Copy> copies;
  unsigned groups;  // ended ones
};

struct Warp {
  unsigned waiting, ended;
};

// The grid that runs, of which one block at a time.
struct Grid {
  const Kernel *kernel;
  const Shape *shape;
  void **parameters;
  unsigned long block, blocks;
  unsigned threads;   // of a block
  unsigned started, ended, in_barrier;
  bool reverse;
  unsigned running;  // which thread
  Fiber *fiber;      // which fiber
  Fiber caller;
  Thread thread[maximum_threads];
  Warp warp[maximum_threads / warp_lanes];
  // Threads that may go on, a ring.
  unsigned ready[maximum_threads];
  unsigned first_ready, ready_count;
  std::vector<Fiber *> idle;
  unsigned char *shared_limit;  // the end of dynamic shared memory, with an unreadable page behind it
  long process_thread;         // of the system, while a grid runs
};
Grid grid;

void push_ready(unsigned thread) {
  grid.ready[(grid.first_ready + grid.ready_count++) % maximum_threads] = thread;
}
unsigned pop_ready() {
  unsigned thread = grid.ready[grid.first_ready];
  grid.first_ready = (grid.first_ready + 1) % maximum_threads;
  grid.ready_count--;
  return thread;
}

void go_on_as(unsigned thread) {
  grid.running = thread;
  threadIdx = grid.thread[thread].index;
}

uint3 place(unsigned long i, const unsigned (&size)[3]) {
  return {static_cast<unsigned>(i % size[0]), static_cast<unsigned>(i / size[0] % size[1]),
          static_cast<unsigned>(i / size[0] / size[1])};
}

[[noreturn]] void report_deadlock() {
  char text[2048];
  int length = snprintf(text, sizeof text, "threads wait for others that never come; %u of %u have ended",
                        grid.ended, grid.threads);
  int told = 0;
  for (unsigned i = 0; i < grid.threads && told < 8; i++) {
    const Thread &thread = grid.thread[i];
    if (!thread.waits_for) continue;
    length += snprintf(text + length, sizeof text - static_cast<size_t>(length), "\n  thread %u (%u, %u, %u) in %s", i,
                       thread.index.x, thread.index.y, thread.index.z, thread.waits_for);
    if (thread.mask)
      length += snprintf(text + length, sizeof text - static_cast<size_t>(length), ", mask %08x", thread.mask);
    told++;
  }
  fail("%s", text);
}

void begin_block() {
  grid.started = grid.ended = grid.in_barrier = 0;
  blockIdx = place(grid.block, grid.shape->blocks);
  static const char *order = getenv("SGMN_EMULATOR_ORDER");
  grid.reverse = order && !strcmp(order, "reverse") ? true
                 : order && !strcmp(order, "forward") ? false
                                                      : grid.block % 2 == 1;
  for (unsigned i = 0; i * warp_lanes < grid.threads; i++) {
    unsigned lanes = grid.threads - i * warp_lanes;
    // Lanes that the block does not have count as ended.
    grid.warp[i] = {0, lanes >= warp_lanes ? 0 : ~0u << lanes};
  }
  memset(dynamic_shared, poison, static_cast<size_t>(grid.shared_limit - dynamic_shared));
  if (grid.kernel->shared_begin)
    memset(grid.kernel->shared_begin, poison, static_cast<size_t>(grid.kernel->shared_end - grid.kernel->shared_begin));
}

void end_block() {
  for (unsigned char *end = dynamic_shared + grid.shape->shared_bytes; end < grid.shared_limit; end++)
    if (*end != poison) fail("a thread of this block wrote behind its %u bytes of dynamic shared memory",
                             grid.shape->shared_bytes);
}

// Makes the next thread that has not started the running one; begins the next block where this one is through.
// False where this block still runs and has no such thread, or after the last block.
bool next_thread() {
  if (grid.started == grid.threads) {
    if (grid.ended < grid.threads) return false;
    end_block();
    if (++grid.block == grid.blocks) return false;
    begin_block();
  }
  unsigned i = grid.reverse ? grid.threads - 1 - grid.started : grid.started;
  grid.started++;
  Thread &thread = grid.thread[i];
  thread.fiber = grid.fiber;
  thread.waits_for = nullptr;
  if (!thread.copies.empty()) thread.copies.clear();
  thread.groups = 0;
  go_on_as(i);
  return true;
}

// Lets the waiting threads of `thread`'s group go on where all of them are there. Tells whether it did.
bool complete_warp(unsigned thread) {
  unsigned first = thread / warp_lanes * warp_lanes;
  Warp &warp = grid.warp[thread / warp_lanes];
  unsigned mask = grid.thread[thread].mask;
  if ((mask & ~(warp.waiting | warp.ended)) != 0) return false;
  Combine combine = grid.thread[thread].combine;
  void *operands[warp_lanes] = {};
  static int nothing;
  unsigned present = mask & warp.waiting;
  for (unsigned i = 0; i < warp_lanes; i++) {
    if (!(present >> i & 1)) continue;
    const Thread &other = grid.thread[first + i];
    if (other.mask != mask || other.combine != combine) return false;
    operands[i] = other.operand ? other.operand : &nothing;
  }
  combine(operands);
  for (unsigned k = 0; k < warp_lanes; k++) {
    unsigned i = grid.reverse ? warp_lanes - 1 - k : k;
    if (!(present >> i & 1)) continue;
    grid.thread[first + i].waits_for = nullptr;
    if (first + i != grid.running) push_ready(first + i);
  }
  warp.waiting &= ~present;
  return true;
}

// Ends the running thread; those that wait for its lane need not any more.
void end_thread() {
  unsigned thread = grid.running, lane = thread % warp_lanes;
  Warp &warp = grid.warp[thread / warp_lanes];
  warp.ended |= 1u << lane;
  grid.ended++;
  for (unsigned rest = warp.waiting; rest; rest &= rest - 1) {
    unsigned other = thread - lane + static_cast<unsigned>(__builtin_ctz(rest));
    if (!grid.thread[other].waits_for) continue;  // let go by the one before
    complete_warp(other);
  }
}

void body() {
  for (;;) {
    while (next_thread()) {
      grid.kernel->run(grid.parameters);
      end_thread();
    }
    Fiber *self = grid.fiber;
    grid.idle.push_back(self);
    if (grid.block == grid.blocks) {
      change_fiber(*self, grid.caller);
    } else {
      if (grid.ready_count == 0) report_deadlock();
      unsigned next = pop_ready();
      grid.fiber = grid.thread[next].fiber;
      go_on_as(next);
      change_fiber(*self, *grid.fiber);
    }
    // Woken to start threads, by one that waits or by run(), which have made this fiber the running one.
  }
}

void take_idle_fiber() {
  if (grid.idle.empty()) grid.idle.push_back(make_fiber(body));
  grid.fiber = grid.idle.back();
  grid.idle.pop_back();
}

// Lets others run until the running thread is ready again.
void wait() {
  Fiber *fiber = grid.fiber;
  if (grid.ready_count > 0) {
    unsigned next = pop_ready();
    grid.fiber = grid.thread[next].fiber;
    go_on_as(next);
  } else if (grid.started < grid.threads) {
    take_idle_fiber();
  } else {
    report_deadlock();
  }
  // Whoever switches back here makes this thread the running one before.
  change_fiber(*fiber, *grid.fiber);
}

std::vector<const Kernel *> &registry() {
  static std::vector<const Kernel *> all;
  return all;
}

// Says in which thread of which kernel the machine found a fault, and leaves the rest to who handled it before.
struct sigaction before[NSIG];
void report_fault(int signal, siginfo_t *info, void *) {
  if (grid.process_thread == syscall(SYS_gettid)) {
    const char *what = signal == SIGSEGV || signal == SIGBUS ? "access to memory that is not there, at"
                       : signal == SIGFPE                    ? "division by zero, at"
                                                             : "misaligned access, index out of bounds or shift too far, at";
    char text[512];
    int length = snprintf(text, sizeof text,
                          "CUDA emulator: %s: block (%u, %u, %u), thread (%u, %u, %u): %s %p\n", grid.kernel->name,
                          blockIdx.x, blockIdx.y, blockIdx.z, threadIdx.x, threadIdx.y, threadIdx.z, what,
                          info->si_addr);
    if (write(STDERR_FILENO, text, static_cast<size_t>(length)) < 0) _exit(134);
  }
  sigaction(signal, &before[signal], nullptr);
}

// Faults of fibers are handled on a stack of the system thread's own: the fiber's may be the one that is full.
void catch_faults() {
  static thread_local bool has_stack = false;
  if (!has_stack) {
    stack_t stack = {};
    sigaltstack(nullptr, &stack);
    if (stack.ss_flags & SS_DISABLE) {
      stack.ss_flags = 0;
      stack.ss_size = 64 * 1024;
      stack.ss_sp = malloc(stack.ss_size);
      sigaltstack(&stack, nullptr);
    }
    has_stack = true;
  }
  static bool caught = false;
  if (caught) return;
  caught = true;
  struct sigaction action = {};
  action.sa_sigaction = report_fault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  for (int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP}) sigaction(signal, &action, &before[signal]);
}

// Ends at a page that faults, so that what is read far behind its end is noticed.
void place_dynamic_shared(unsigned bytes) {
  static unsigned char *end = nullptr;
  if (!end) {
    size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    size_t size = 256 * 1024;
    void *memory = mmap(nullptr, size + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) fail("no memory for shared memory");
    unsigned char *begin = static_cast<unsigned char *>(memory) + page;
    if (mprotect(begin, size, PROT_READ | PROT_WRITE) != 0) fail("no memory for shared memory");
    end = begin + size;
  }
  grid.shared_limit = end;
  dynamic_shared = end - (bytes + 127) / 128 * 128;
}

}  // namespace

bool add(const Kernel &kernel) {
  for (const Kernel *other : registry())
    if (!strcmp(other->name, kernel.name)) fail("%s is a kernel of %s and of %s", kernel.name, other->unit, kernel.unit);
  registry().push_back(new Kernel(kernel));
  return true;
}

std::vector<const Kernel *> kernels(const std::string &unit) {
  std::vector<const Kernel *> found;
  for (const Kernel *kernel : registry())
    if (unit.empty() || unit == kernel->unit) found.push_back(kernel);
  return found;
}

void run(const Kernel &kernel, const Shape &shape, void **parameters) {
  static std::mutex one_at_a_time;
  std::lock_guard<std::mutex> lock(one_at_a_time);
  catch_faults();
  grid.kernel = &kernel;
  grid.shape = &shape;
  grid.parameters = parameters;
  grid.block = 0;
  grid.blocks = static_cast<unsigned long>(shape.blocks[0]) * shape.blocks[1] * shape.blocks[2];
  grid.threads = shape.threads[0] * shape.threads[1] * shape.threads[2];
  grid.first_ready = grid.ready_count = 0;
  gridDim = dim3(shape.blocks[0], shape.blocks[1], shape.blocks[2]);
  blockDim = dim3(shape.threads[0], shape.threads[1], shape.threads[2]);
  for (unsigned i = 0; i < grid.threads; i++) grid.thread[i].index = place(i, shape.threads);
  place_dynamic_shared(shape.shared_bytes);
  grid.process_thread = syscall(SYS_gettid);
  begin_block();
  take_idle_fiber();
  change_fiber(grid.caller, *grid.fiber);
  grid.process_thread = 0;
}

void fail(const char *format, ...) {
  char text[4096];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (grid.process_thread)
    fprintf(stderr, "CUDA emulator: %s: block (%u, %u, %u), thread (%u, %u, %u): %s\n", grid.kernel->name, blockIdx.x,
            blockIdx.y, blockIdx.z, threadIdx.x, threadIdx.y, threadIdx.z, text);
  else
    fprintf(stderr, "CUDA emulator: %s\n", text);
  abort();
}

void meet_block(const char *operation) {
  if (++grid.in_barrier == grid.threads) {
    grid.in_barrier = 0;
    for (unsigned k = 0; k < grid.threads; k++) {
      unsigned i = grid.reverse ? grid.threads - 1 - k : k;
      grid.thread[i].waits_for = nullptr;
      if (i != grid.running) push_ready(i);
    }
    return;
  }
  Thread &self = grid.thread[grid.running];
  self.waits_for = operation;
  self.mask = 0;
  wait();
}

void meet_warp(unsigned mask, const char *operation, Combine combine, void *operand) {
  unsigned thread = grid.running, lane = thread % warp_lanes;
  if (!(mask >> lane & 1)) fail("%s: lane %u is not in its own mask %08x", operation, lane, mask);
  Thread &self = grid.thread[thread];
  self.waits_for = operation;
  self.mask = mask;
  self.combine = combine;
  self.operand = operand;
  grid.warp[thread / warp_lanes].waiting |= 1u << lane;
  if (!complete_warp(thread)) wait();
}

bool is_shared(const void *address, unsigned long bytes) {
  const unsigned char *begin = static_cast<const unsigned char *>(address);
  const Kernel &kernel = *grid.kernel;
  if (begin >= dynamic_shared && begin + bytes <= dynamic_shared + grid.shape->shared_bytes) return true;
  return begin >= kernel.shared_begin && begin + bytes <= kernel.shared_end;
}

void copy_later(void *shared, const void *global, unsigned long bytes, bool valid) {
  if (reinterpret_cast<unsigned long>(shared) % bytes || (valid && reinterpret_cast<unsigned long>(global) % bytes))
    fail("an asynchronous copy's addresses are not aligned to %lu bytes", bytes);
  if (!is_shared(shared, bytes)) fail("an asynchronous copy's target is not in shared memory");
  Thread &thread = grid.thread[grid.running];
  // From here on nobody may count on what was there, nor on what will be.
  memset(shared, poison, bytes);
  thread.copies.push_back({shared, global, bytes, valid, thread.groups});
}
void commit_copies() { grid.thread[grid.running].groups++; }
void wait_copies(unsigned pending) {
  Thread &thread = grid.thread[grid.running];
  size_t done = 0;
  for (; done < thread.copies.size() && thread.copies[done].group + pending < thread.groups; done++) {
    const Copy &copy = thread.copies[done];
    if (copy.valid)
      memcpy(copy.shared, copy.global, copy.bytes);
    else
      memset(copy.shared, 0, copy.bytes);
  }
  thread.copies.erase(thread.copies.begin(), thread.copies.begin() + static_cast<long>(done));
}

}  // namespace emulator
