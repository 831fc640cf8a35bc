// MPI's handles are macros, which Swift cannot import: each becomes a global property of the same name.
#pragma once
#define OMPI_SKIP_MPICXX 1
#include <mpi.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define SGMN_MPI_GETTER(TYPE, NAME)                                                         \
  static inline __attribute__((always_inline, swift_name("getter:" #NAME "()"))) TYPE       \
      sgmn_get_##NAME(void) {                                                               \
    return NAME;                                                                            \
  }

SGMN_MPI_GETTER(MPI_Comm, MPI_COMM_WORLD)
SGMN_MPI_GETTER(MPI_Datatype, MPI_BYTE)
SGMN_MPI_GETTER(MPI_Datatype, MPI_FLOAT)
SGMN_MPI_GETTER(MPI_Datatype, MPI_DOUBLE)
SGMN_MPI_GETTER(MPI_Datatype, MPI_INT64_T)
SGMN_MPI_GETTER(MPI_Op, MPI_SUM)
SGMN_MPI_GETTER(MPI_Op, MPI_MAX)
SGMN_MPI_GETTER(MPI_Op, MPI_MIN)
SGMN_MPI_GETTER(MPI_Info, MPI_INFO_NULL)
SGMN_MPI_GETTER(MPI_Errhandler, MPI_ERRORS_RETURN)
SGMN_MPI_GETTER(MPI_Request, MPI_REQUEST_NULL)

static inline void *sgmn_mpi_in_place(void) { return MPI_IN_PLACE; }
static inline MPI_Status *sgmn_mpi_status_ignore(void) { return MPI_STATUS_IGNORE; }

// Whether processes may read each other's memory, as MPI does between ranks of one machine; container profiles forbid it.
static inline int sgmn_may_read_processes(void) {
  char source = 1, target = 0;
  struct iovec from = {&source, 1}, to = {&target, 1};
  return syscall(SYS_process_vm_readv, getpid(), &to, 1UL, &from, 1UL, 0UL) == 1;
}
