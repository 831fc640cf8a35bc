// libnccl.so.2 of the emulated GPU: sums float32 arrays over processes of one machine, in stream order, with NCCL's own
// functions. As NCCL it knows ranks by a unique id alone, refuses two on one GPU, adds in the order of a ring, which
// begins at another rank for every part of an array, and reports a lost rank through ncclCommGetAsyncError.
//
// SGMN_EMULATOR_NCCL_FAILS=n lets the n-th sum of each communicator end in a remote error.
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "../../../Sources/CNVIDIA/include/cnvidia_nccl.h"
#include "../driver/emulator.h"

namespace {

constexpr int rankLimit = 16;
/// Elements that the ranks exchange at once.
constexpr size_t chunkCount = 16384;

std::mutex errorMutex;
std::string lastError;

ncclResult_t fail(ncclResult_t result, std::string text) {
  std::lock_guard lock(errorMutex);
  lastError = std::move(text);
  return result;
}

/// What a rank shows to the others.
struct RankPlace {
  std::atomic<int> process;  // 0: has not joined yet
  CUuuid gpu;
  int rankCount;
  /// How many chunks it has laid out; chunk n lies in half n mod 2.
  std::atomic<uint64_t> posted;
  /// Elements of the array that the chunk is of.
  size_t arrayCounts[2];
  float halves[2][chunkCount];
};

/// Zeros at first.
struct Board {
  RankPlace places[rankLimit];
};

std::string boardName(const ncclUniqueId &id) { return std::string(id.internal, strnlen(id.internal, 64)); }

bool isAlive(int process) {
  if (kill(process, 0) != 0) return false;
  // A killed process that nobody has waited for yet still has its number.
  char path[64], state = 0;
  snprintf(path, sizeof path, "/proc/%d/stat", process);
  FILE *file = fopen(path, "r");
  if (!file) return false;
  if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1) state = 0;
  fclose(file);
  return state != 'Z' && state != 'X';
}

}  // namespace

struct ncclComm {
  Board *board = nullptr;
  int rank = 0;
  int rankCount = 0;
  std::atomic<ncclResult_t> asyncError{0};
  std::atomic<bool> isAborted{false};
  int sumCount = 0;
  uint64_t chunkNumber = 0;
  std::string name;

  ~ncclComm() {
    if (board) munmap(board, sizeof(Board));
  }

  ncclResult_t join(const ncclUniqueId &id);
  bool sum(const float *sent, float *received, size_t count);

 private:
  /// Returns when `holds` does for every rank; false where one is lost or the communicator is given up.
  template <class Condition>
  bool waitForAll(Condition holds) {
    for (unsigned round = 0;; round++) {
      int missing = -1;
      for (int other = 0; other < rankCount && missing < 0; other++)
        if (!holds(board->places[other])) missing = other;
      if (missing < 0) return true;
      if (isAborted) return false;
      int process = board->places[missing].process;
      if (round % 1000 == 999 && process != 0 && !isAlive(process) && !holds(board->places[missing])) {
        asyncError = fail(nvidia_nccl_remote_error, "rank " + std::to_string(missing) + " is gone");
        return false;
      }
      usleep(round < 200 ? 0 : 100);
    }
  }

  bool sumChunk(const float *sent, float *received, size_t start, size_t count, size_t arrayCount);
};

ncclResult_t ncclComm::join(const ncclUniqueId &id) {
  CUdevice device;
  RankPlace own{};
  if (cuCtxGetDevice(&device) != 0 || cuDeviceGetUuid_v2(&own.gpu, device) != 0)
    return fail(nvidia_nccl_cuda_error, "no context is current");
  name = boardName(id);
  int file = shm_open(name.c_str(), O_RDWR | O_CREAT, 0600);
  if (file < 0 || ftruncate(file, sizeof(Board)) != 0) return fail(nvidia_nccl_system_error, "no shared memory");
  void *memory = mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (memory == MAP_FAILED) return fail(nvidia_nccl_system_error, "no shared memory");
  board = static_cast<Board *>(memory);

  RankPlace &place = board->places[rank];
  if (place.process != 0) return fail(nvidia_nccl_invalid_usage, "rank " + std::to_string(rank) + " joined twice");
  place.gpu = own.gpu;
  place.rankCount = rankCount;
  place.process = getpid();
  if (!waitForAll([](const RankPlace &other) { return other.process != 0; })) return asyncError;
  shm_unlink(name.c_str());
  for (int other = 0; other < rankCount; other++) {
    if (board->places[other].rankCount != rankCount)
      return fail(nvidia_nccl_invalid_usage, "the ranks disagree on how many they are");
    for (int before = 0; before < other; before++)
      if (memcmp(&board->places[before].gpu, &board->places[other].gpu, sizeof(CUuuid)) == 0)
        return fail(
          nvidia_nccl_invalid_usage,
          "Duplicate GPU detected : rank " + std::to_string(before) + " and rank " + std::to_string(other));
  }
  return 0;
}

bool ncclComm::sum(const float *sent, float *received, size_t count) {
  for (size_t start = 0; start < count; start += chunkCount)
    if (!sumChunk(sent, received, start, std::min(chunkCount, count - start), count)) return false;
  return true;
}

bool ncclComm::sumChunk(const float *sent, float *received, size_t start, size_t count, size_t arrayCount) {
  const int half = chunkNumber % 2;
  RankPlace &own = board->places[rank];
  own.arrayCounts[half] = arrayCount;
  memcpy(own.halves[half], sent + start, count * sizeof(float));
  own.posted = ++chunkNumber;
  // A rank that has posted a chunk has done with the one before: its half may be written again.
  if (!waitForAll([&](const RankPlace &other) { return other.posted >= chunkNumber; })) return false;
  for (int other = 0; other < rankCount; other++)
    if (board->places[other].arrayCounts[half] != arrayCount) {
      asyncError = fail(nvidia_nccl_invalid_usage, "the ranks sum arrays of different lengths");
      return false;
    }
  const size_t part = (arrayCount + rankCount - 1) / rankCount;
  for (size_t index = 0; index < count; index++) {
    const int first = int((start + index) / part);
    float total = board->places[first].halves[half][index];
    for (int step = 1; step < rankCount; step++)
      total += board->places[(first + step) % rankCount].halves[half][index];
    received[start + index] = total;
  }
  return true;
}

#pragma GCC visibility push(default)
extern "C" {

ncclResult_t ncclGetVersion(int *version) {
  *version = 22703;
  return 0;
}

ncclResult_t ncclGetUniqueId(ncclUniqueId *id) {
  uint64_t number;
  if (getrandom(&number, sizeof number, 0) != sizeof number) return fail(nvidia_nccl_system_error, "no random number");
  memset(id, 0, sizeof *id);
  snprintf(id->internal, sizeof id->internal, "/sgmn-nccl-%016llx", (unsigned long long)number);
  return 0;
}

ncclResult_t ncclCommInitRank(ncclComm_t *comm, int rankCount, ncclUniqueId id, int rank) {
  *comm = nullptr;
  if (rankCount < 1 || rankCount > rankLimit || rank < 0 || rank >= rankCount)
    return fail(nvidia_nccl_invalid_argument, "Invalid rank requested : " + std::to_string(rank));
  auto made = std::make_unique<ncclComm>();
  made->rank = rank;
  made->rankCount = rankCount;
  ncclResult_t result = made->join(id);
  if (result == 0) *comm = made.release();
  return result;
}

ncclResult_t ncclAllReduce(
  const void *sent, void *received, size_t count, ncclDataType_t type, ncclRedOp_t operation, ncclComm_t comm,
  CUstream stream) {
  if (!comm || type != nvidia_nccl_float32 || operation != nvidia_nccl_sum)
    return fail(nvidia_nccl_invalid_argument, "the emulated NCCL sums float32 alone");
  if (!sgmnEmulatorCanReach(sent, count * sizeof(float)) || !sgmnEmulatorCanReach(received, count * sizeof(float)))
    return fail(nvidia_nccl_invalid_argument, "not memory of a GPU");
  struct Call {
    ncclComm_t comm;
    const float *sent;
    float *received;
    size_t count;
    bool fails;
  };
  const char *failing = getenv("SGMN_EMULATOR_NCCL_FAILS");
  const bool fails = ++comm->sumCount == (failing ? atoi(failing) : 0);
  auto *call = new Call{comm, static_cast<const float *>(sent), static_cast<float *>(received), count, fails};
  CUresult result = sgmnEmulatorEnqueue(
    stream,
    [](void *argument) -> CUresult {
      auto *call = static_cast<Call *>(argument);
      if (call->fails) call->comm->asyncError = fail(nvidia_nccl_remote_error, "a connection broke");
      if (call->comm->asyncError == 0) call->comm->sum(call->sent, call->received, call->count);
      return CUDA_SUCCESS;
    },
    call, [](void *argument) { delete static_cast<Call *>(argument); });
  return result == 0 ? 0 : fail(nvidia_nccl_cuda_error, "the stream takes no work");
}

ncclResult_t ncclCommGetAsyncError(ncclComm_t comm, ncclResult_t *error) {
  *error = comm->asyncError;
  return 0;
}

ncclResult_t ncclCommDestroy(ncclComm_t comm) {
  delete comm;
  return 0;
}

/// Sums that are queued still hold the communicator, and end without it; so it stays.
ncclResult_t ncclCommAbort(ncclComm_t comm) {
  comm->isAborted = true;
  if (comm->asyncError == 0) comm->asyncError = nvidia_nccl_remote_error;
  // As the real one where a thread of its own does not end.
  while (getenv("SGMN_EMULATOR_NCCL_STAYS")) usleep(10'000);
  return 0;
}

const char *ncclGetErrorString(ncclResult_t result) {
  switch (result) {
    case 0: return "no error";
    case nvidia_nccl_cuda_error: return "unhandled cuda error (run with NCCL_DEBUG=INFO for details)";
    case nvidia_nccl_system_error: return "unhandled system error (run with NCCL_DEBUG=INFO for details)";
    case nvidia_nccl_internal_error: return "internal error - please report this issue to the NCCL developers";
    case nvidia_nccl_invalid_argument: return "invalid argument (run with NCCL_DEBUG=WARN for details)";
    case nvidia_nccl_invalid_usage: return "invalid usage (run with NCCL_DEBUG=WARN for details)";
    case nvidia_nccl_remote_error: return "remote process exited or there was a network error";
    case nvidia_nccl_in_progress: return "NCCL operation in progress";
    default: return "unknown result code";
  }
}

const char *ncclGetLastError(ncclComm_t) {
  static thread_local std::string text;
  std::lock_guard lock(errorMutex);
  text = lastError;
  return text.c_str();
}
}
#pragma GCC visibility pop
