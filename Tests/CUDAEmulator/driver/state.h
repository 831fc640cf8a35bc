// What the emulated driver knows: devices, contexts, streams with the work queued on them.
#pragma once
#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "../execution/runner.h"
#include "cuda_api.h"

namespace emulator {

// Guards all tables below but the queues' work itself, which runs without it.
extern std::recursive_mutex tables;
typedef std::lock_guard<std::recursive_mutex> Lock;

enum class OperationKind { kernel, copy, fill, host, library, event, wait, graph };
struct Operation {
  OperationKind kind;
  std::function<CUresult()> run;
};

// Where a recorded event stands in its stream.
struct Mark {
  CUstream stream;
  std::atomic<bool> reached{false};
  std::chrono::steady_clock::time_point time;
};

// For each stream of a capture the number of its nodes that come before.
typedef std::map<CUstream, size_t> Ancestors;

struct Capture {
  CUgraph graph;
  CUstream origin;
  int mode;
  std::thread::id thread;
  bool invalid = false;
  std::map<CUstream, Ancestors> streams;
};

bool defers();                        // SGMN_EMULATOR_DEFER
const std::string &failing_kernel();  // SGMN_EMULATOR_FAIL

// 0, or why nothing that needs a context can be done now: cuInit was not called, the thread has no context, or an earlier
// failure of the context.
CUresult check_context();
CUcontext current_context();

// The stream a handle means, null where there is none such.
CUstream find_stream(CUstream handle);

// Queues work; runs it at once unless work is deferred. Into the graph where the stream is being captured.
CUresult enqueue(CUstream stream, Operation operation);

// Runs what is queued: up to `mark`, all where it is null.
void run_queued(CUstream stream, const Mark *mark);
// Runs one queued operation. Tells whether there was one.
bool run_next(CUstream stream);
void run_all(CUcontext context);
// What the legacy default stream waits for: streams that are not CU_STREAM_NON_BLOCKING.
void run_blocking(CUcontext context);

// CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED where a capture forbids such calls now, which also spoils the capture.
CUresult check_capture();
// The same for a call that concerns one stream.
CUresult check_capture(CUstream stream);

// Events that were recorded in a capture are as new when it ends.
void forget_capture(const Capture *capture);

// Whether all of it is mapped device memory.
bool is_device_memory(CUdeviceptr pointer, size_t bytes);
bool is_pinned(const void *pointer, size_t bytes);

}  // namespace emulator

struct CUstream_st {
  CUcontext context;
  bool blocking;
  std::recursive_mutex running;  // held while its work runs
  std::mutex queueing;
  std::deque<emulator::Operation> queue;
  emulator::Capture *capture = nullptr;
};

struct CUctx_st {
  int device;
  int users = 0;
  std::atomic<CUresult> failure{CUDA_SUCCESS};
  CUstream_st legacy;
  std::set<CUstream> streams;
};

struct CUevent_st {
  bool timed;
  std::shared_ptr<emulator::Mark> mark;
  emulator::Capture *capture = nullptr;
  emulator::Ancestors ancestors;
};

struct CUgraphNode_st {
  emulator::Operation operation;
};
struct CUgraph_st {
  std::vector<std::unique_ptr<CUgraphNode_st>> nodes;  // in an order in which they may run
};
struct CUgraphExec_st {
  std::shared_ptr<const std::vector<emulator::Operation>> operations;
};

namespace emulator {
struct Device {
  size_t total, used = 0;
  CUctx_st context;
};
std::vector<std::unique_ptr<Device>> &devices();
}  // namespace emulator
