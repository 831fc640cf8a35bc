// NCCL: libnccl.so.2 (https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/api.html), as cnvidia.h says.
#pragma once
#include <stddef.h>

typedef struct CUstream_st *CUstream;

#ifndef NCCL_H_
// 0 is success.
typedef int ncclResult_t;
typedef int ncclDataType_t;
typedef int ncclRedOp_t;
typedef struct ncclComm *ncclComm_t;

typedef struct {
  char internal[128];
} ncclUniqueId;
#endif

enum {
  nvidia_nccl_cuda_error = 1,
  nvidia_nccl_system_error = 2,
  nvidia_nccl_internal_error = 3,
  nvidia_nccl_invalid_argument = 4,
  nvidia_nccl_invalid_usage = 5,
  nvidia_nccl_remote_error = 6,
  nvidia_nccl_in_progress = 7,

  nvidia_nccl_sum = 0,
  nvidia_nccl_float32 = 7,
  nvidia_nccl_id_byte_count = 128,
};

typedef struct {
  ncclResult_t (*get_version)(int *version);
  ncclResult_t (*get_unique_id)(ncclUniqueId *id);
  ncclResult_t (*comm_init_rank)(ncclComm_t *comm, int rank_count, ncclUniqueId id, int rank);
  ncclResult_t (*all_reduce)(
    const void *sent, void *received, size_t count, ncclDataType_t type, ncclRedOp_t operation, ncclComm_t comm,
    CUstream stream);
  ncclResult_t (*comm_get_async_error)(ncclComm_t comm, ncclResult_t *error);
  ncclResult_t (*comm_destroy)(ncclComm_t comm);
  ncclResult_t (*comm_abort)(ncclComm_t comm);
  const char *(*get_error_string)(ncclResult_t result);
  const char *(*get_last_error)(ncclComm_t comm);
} nvidia_nccl;

// Fills `table` from an open library. Returns NULL, or the name of the first symbol that is missing.
const char *nvidia_fill_nccl(void *library, nvidia_nccl *table);

// ncclGetUniqueId into, and ncclCommInitRank from, plain bytes: NCCL takes the id by value.
ncclResult_t nvidia_nccl_unique_id(const nvidia_nccl *table, void *id);
ncclResult_t nvidia_nccl_init_rank(
  const nvidia_nccl *table, ncclComm_t *comm, int rank_count, const void *id, int rank);
