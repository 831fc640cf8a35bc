#pragma once

// Tells ThreadSanitizer that what happened before a release of an address, in any thread, happened before what comes after
// an acquire of it. For hand-overs under Swift's Mutex, which the sanitizer does not see: the kernel makes them
// (FUTEX_LOCK_PI), called by a library that is not built for it. In every other build the symbols are not there, and the
// functions do nothing.

extern void __tsan_acquire(void *) __attribute__((weak));
extern void __tsan_release(void *) __attribute__((weak));

static inline void sgmn_sanitizer_release(const void *address) {
  if (__tsan_release) __tsan_release((void *)address);
}

static inline void sgmn_sanitizer_acquire(const void *address) {
  if (__tsan_acquire) __tsan_acquire((void *)address);
}
