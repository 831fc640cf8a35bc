// A filter of system calls for processes that read hostile files: what they have no business with fails with EPERM.
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define SGMN_AUDIT_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define SGMN_AUDIT_ARCH AUDIT_ARCH_AARCH64
#endif

#define SGMN_RETURN(ACTION) BPF_STMT(BPF_RET | BPF_K, (ACTION))
#define SGMN_LOAD(FIELD) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, FIELD))
#define SGMN_REFUSE(NUMBER) \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (NUMBER), 0, 1), SGMN_RETURN(SECCOMP_RET_ERRNO | EPERM)
// Refuses call NUMBER unless the bits MASK of argument INDEX are WANTED.
#define SGMN_REFUSE_UNLESS(NUMBER, INDEX, MASK, WANTED)                                             \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (NUMBER), 0, 5), SGMN_LOAD(args[INDEX]),                      \
      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, (MASK)), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (WANTED), 0, 1), \
      SGMN_RETURN(SECCOMP_RET_ALLOW), SGMN_RETURN(SECCOMP_RET_ERRNO | EPERM)

// From now on this process starts no other (threads it may), opens no connection, changes no file by name, and reaches
// into no process, nor sends one a signal. 0; or -1 and errno, EINVAL where the kernel has no such filters.
static inline int sgmn_confine(void) {
#ifdef SGMN_AUDIT_ARCH
  struct sock_filter filter[] = {
      SGMN_LOAD(arch),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SGMN_AUDIT_ARCH, 1, 0),
      SGMN_RETURN(SECCOMP_RET_KILL_PROCESS),  // calls by other numbers would pass the list below
      SGMN_LOAD(nr),
#ifdef __x86_64__
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1),
      SGMN_RETURN(SECCOMP_RET_KILL_PROCESS),  // those of x32, too
      SGMN_REFUSE(__NR_fork), SGMN_REFUSE(__NR_vfork), SGMN_REFUSE(__NR_creat), SGMN_REFUSE(__NR_unlink),
      SGMN_REFUSE(__NR_rename), SGMN_REFUSE(__NR_mkdir), SGMN_REFUSE(__NR_rmdir), SGMN_REFUSE(__NR_link),
      SGMN_REFUSE(__NR_symlink), SGMN_REFUSE(__NR_chmod), SGMN_REFUSE(__NR_chown), SGMN_REFUSE(__NR_lchown),
      SGMN_REFUSE(__NR_mknod),
      SGMN_REFUSE_UNLESS(__NR_open, 1, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY),
#endif
      SGMN_REFUSE_UNLESS(__NR_openat, 2, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY),
      // Its arguments are in memory, where no filter sees them: the C library falls back to clone and openat.
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone3, 0, 1), SGMN_RETURN(SECCOMP_RET_ERRNO | ENOSYS),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_openat2, 0, 1), SGMN_RETURN(SECCOMP_RET_ERRNO | ENOSYS),
      SGMN_REFUSE_UNLESS(__NR_clone, 0, CLONE_THREAD, CLONE_THREAD),
      SGMN_REFUSE(__NR_execve), SGMN_REFUSE(__NR_execveat), SGMN_REFUSE(__NR_socket), SGMN_REFUSE(__NR_connect),
      SGMN_REFUSE(__NR_bind), SGMN_REFUSE(__NR_accept), SGMN_REFUSE(__NR_accept4), SGMN_REFUSE(__NR_unlinkat),
      SGMN_REFUSE(__NR_renameat2), SGMN_REFUSE(__NR_mkdirat), SGMN_REFUSE(__NR_linkat), SGMN_REFUSE(__NR_symlinkat),
      SGMN_REFUSE(__NR_mknodat), SGMN_REFUSE(__NR_truncate), SGMN_REFUSE(__NR_fchmodat), SGMN_REFUSE(__NR_fchownat),
      SGMN_REFUSE(__NR_kill), SGMN_REFUSE(__NR_tkill), SGMN_REFUSE(__NR_rt_sigqueueinfo),
      SGMN_REFUSE(__NR_rt_tgsigqueueinfo), SGMN_REFUSE_UNLESS(__NR_tgkill, 0, 0xFFFFFFFF, (unsigned)getpid()),
      SGMN_REFUSE_UNLESS(__NR_prlimit64, 0, 0xFFFFFFFF, 0),  // its own limits alone
      SGMN_REFUSE(__NR_pidfd_open), SGMN_REFUSE(__NR_pidfd_send_signal), SGMN_REFUSE(__NR_setxattr),
      SGMN_REFUSE(__NR_lsetxattr), SGMN_REFUSE(__NR_removexattr), SGMN_REFUSE(__NR_lremovexattr),
      SGMN_REFUSE(__NR_utimensat), SGMN_REFUSE(__NR_unshare), SGMN_REFUSE(__NR_setns), SGMN_REFUSE(__NR_chroot),
      SGMN_REFUSE(__NR_sched_setaffinity), SGMN_REFUSE(__NR_ptrace), SGMN_REFUSE(__NR_process_vm_readv),
      SGMN_REFUSE(__NR_process_vm_writev), SGMN_REFUSE(__NR_mount), SGMN_REFUSE(__NR_bpf), SGMN_REFUSE(__NR_keyctl),
      SGMN_REFUSE(__NR_io_uring_setup), SGMN_REFUSE(__NR_perf_event_open), SGMN_REFUSE(__NR_shmget),
      SGMN_REFUSE(__NR_setpriority), SGMN_REFUSE(__NR_userfaultfd),
#ifdef __NR_renameat
      SGMN_REFUSE(__NR_renameat),
#endif
      SGMN_RETURN(SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
#else
  errno = EINVAL;
  return -1;
#endif
}
