// What threads that wait for each other, or belong to certain CPUs, ask of the kernel.
#pragma once
#include <linux/futex.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

// Sleeps while *word is `expected`, until somebody wakes; it may also return without a reason.
static inline void sgmn_futex_wait(uint32_t *word, uint32_t expected) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, NULL, NULL, 0);
}

// Wakes one of those that sleep on `word`.
static inline void sgmn_futex_wake(uint32_t *word) { syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0); }

// Tells the processor that this is a loop which waits for another thread.
static inline void sgmn_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ __volatile__("yield");
#endif
}

// The CPUs of the calling thread as a mask of `byteCount` bytes, bit i of it for CPU i. Reading gives the bytes that the
// kernel wrote; both -1 and errno where it refuses.
static inline long sgmn_get_affinity(unsigned long *mask, size_t byteCount) {
  return syscall(SYS_sched_getaffinity, 0, byteCount, mask);
}
static inline long sgmn_set_affinity(const unsigned long *mask, size_t byteCount) {
  return syscall(SYS_sched_setaffinity, 0, byteCount, mask);
}
