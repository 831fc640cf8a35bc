#include "cnvidia_nccl.h"

#include <string.h>

#include "symbols.h"

const char *nvidia_fill_nccl(void *library, nvidia_nccl *table) {
  TAKE(table, get_version, "ncclGetVersion");
  TAKE(table, get_unique_id, "ncclGetUniqueId");
  TAKE(table, comm_init_rank, "ncclCommInitRank");
  TAKE(table, all_reduce, "ncclAllReduce");
  TAKE(table, comm_get_async_error, "ncclCommGetAsyncError");
  TAKE(table, comm_destroy, "ncclCommDestroy");
  TAKE(table, comm_abort, "ncclCommAbort");
  TAKE(table, get_error_string, "ncclGetErrorString");
  TAKE(table, get_last_error, "ncclGetLastError");
  return NULL;
}

ncclResult_t nvidia_nccl_unique_id(const nvidia_nccl *table, void *id) {
  ncclUniqueId value;
  ncclResult_t result = table->get_unique_id(&value);
  if (result == 0) memcpy(id, value.internal, sizeof value.internal);
  return result;
}

ncclResult_t nvidia_nccl_init_rank(
    const nvidia_nccl *table, ncclComm_t *comm, int rank_count, const void *id, int rank) {
  ncclUniqueId value;
  memcpy(value.internal, id, sizeof value.internal);
  return table->comm_init_rank(comm, rank_count, value, rank);
}
