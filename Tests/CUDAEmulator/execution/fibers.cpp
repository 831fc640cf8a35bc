#include "fibers.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>

#include "../language/execution.h"

// Switching by the rules of the C calls: what a called function must keep is pushed on the old stack and popped from the
// new one.
extern "C" void emulator_change_stack(void **from, void *to);
#if defined(__x86_64__)
asm(R"(
  .text
  .hidden emulator_change_stack
  .globl emulator_change_stack
  .type emulator_change_stack, @function
emulator_change_stack:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
  .size emulator_change_stack, . - emulator_change_stack
)");
static constexpr size_t saved_words = 8;    // six registers, the return address, and a word that aligns the stack
static constexpr size_t entry_word = 6;
#elif defined(__aarch64__)
asm(R"(
  .text
  .hidden emulator_change_stack
  .globl emulator_change_stack
  .type emulator_change_stack, %function
emulator_change_stack:
  sub sp, sp, #160
  stp x19, x20, [sp, #0]
  stp x21, x22, [sp, #16]
  stp x23, x24, [sp, #32]
  stp x25, x26, [sp, #48]
  stp x27, x28, [sp, #64]
  stp x29, x30, [sp, #80]
  stp d8, d9, [sp, #96]
  stp d10, d11, [sp, #112]
  stp d12, d13, [sp, #128]
  stp d14, d15, [sp, #144]
  mov x9, sp
  str x9, [x0]
  mov sp, x1
  ldp x19, x20, [sp, #0]
  ldp x21, x22, [sp, #16]
  ldp x23, x24, [sp, #32]
  ldp x25, x26, [sp, #48]
  ldp x27, x28, [sp, #64]
  ldp x29, x30, [sp, #80]
  ldp d8, d9, [sp, #96]
  ldp d10, d11, [sp, #112]
  ldp d12, d13, [sp, #128]
  ldp d14, d15, [sp, #144]
  add sp, sp, #160
  ret
  .size emulator_change_stack, . - emulator_change_stack
)");
static constexpr size_t saved_words = 20;
static constexpr size_t entry_word = 11;
#else
#error "emulator_change_stack is written for x86-64 and aarch64"
#endif

namespace emulator {

// A page that faults below each stack.
static constexpr size_t stack_bytes = 256 * 1024;

Fiber *make_fiber(void (*body)()) {
  static size_t made = 0;
  size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  void *memory = mmap(nullptr, stack_bytes + page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) fail("no memory for a fiber's stack");
  unsigned char *bottom = static_cast<unsigned char *>(memory) + page;
  if (mprotect(bottom, stack_bytes, PROT_READ | PROT_WRITE) != 0) fail("no memory for a fiber's stack");
  // Stacks that begin at the same place of their pages would push each other out of the cache.
  size_t stagger = (made++ % 30) * 128;
  uintptr_t *top = reinterpret_cast<uintptr_t *>(bottom + stack_bytes - stagger) - saved_words;
  memset(top, 0, saved_words * sizeof *top);
  top[entry_word] = reinterpret_cast<uintptr_t>(body);
  Fiber *fiber = new Fiber;
  fiber->memory = bottom;
  fiber->stack_pointer = top;
  return fiber;
}

void change_fiber(Fiber &from, const Fiber &to) { emulator_change_stack(&from.stack_pointer, to.stack_pointer); }

}  // namespace emulator
