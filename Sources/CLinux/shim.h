// Linux calls that Swift cannot make: variadic ones, and GNU extensions.
#pragma once
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>
#include "confine.h"
#include "sanitizer.h"
#include "threads.h"

#ifndef F_SETPIPE_SZ
#define F_SETPIPE_SZ 1031
#endif

// Declared here, for _GNU_SOURCE would give this module other types than Swift's Glibc has.
int pipe2(int ends[2], int flags);
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);

// The kernel kills this process when the thread that started it ends. 0, or -1 and errno.
static inline int sgmn_die_with_parent(void) { return prctl(PR_SET_PDEATHSIG, SIGKILL); }

// Neither this process nor what it starts can gain rights. 0, or -1 and errno.
static inline int sgmn_gain_no_rights(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }

// A pipe whose ends close at exec. 0, or -1 and errno.
static inline int sgmn_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

// Copies bytes of another process, running or stopped. Their number, or -1 and errno where the system forbids it.
static inline long sgmn_read_process(int process, unsigned long long address, void *bytes, unsigned long byteCount) {
  struct iovec to = {bytes, byteCount}, from = {(void *)(unsigned long)address, byteCount};
  return syscall(SYS_process_vm_readv, process, &to, 1UL, &from, 1UL, 0UL);
}

// The number of the kind of file system that has a file; 0 where the system does not say.
static inline long sgmn_file_system_type(const char *path) {
  struct statfs status;
  return statfs(path, &status) == 0 ? (long)status.f_type : 0;
}

// Asks for a pipe buffer of so many bytes; the buffer's size, or -1 and errno where the system gives less.
static inline int sgmn_resize_pipe(int descriptor, int byteCount) { return fcntl(descriptor, F_SETPIPE_SZ, byteCount); }

// Closes every descriptor from `from` on in the process to be spawned. 0 or an error number.
static inline int sgmn_close_from(posix_spawn_file_actions_t *actions, int from) {
  return posix_spawn_file_actions_addclosefrom_np(actions, from);
}

// What a wait status says: the signal that ended the process, or 0.
static inline int sgmn_end_signal(int status) { return WIFSIGNALED(status) ? WTERMSIG(status) : 0; }
static inline int sgmn_exit_code(int status) { return WEXITSTATUS(status); }

// Keeps freed memory for the next piece of work instead of giving it back to the system, which would have to clear it
// again: for processes that do the same large work over and over.
static inline void sgmn_keep_freed_memory(int byteCount) {
  mallopt(M_TRIM_THRESHOLD, byteCount);
  mallopt(M_TOP_PAD, 1 << 20);
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
}
