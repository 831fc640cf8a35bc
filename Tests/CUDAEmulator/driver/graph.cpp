// Captures of streams, and graphs: what was captured, run again as a whole.
#include <algorithm>

#include "emulator.h"
#include "state.h"

using namespace emulator;

namespace {

std::vector<Capture *> captures;  // that have not ended
std::set<CUgraph> graphs;
std::set<CUgraphExec> executables;

enum Mode { global = 0, thread_local_mode = 1, relaxed = 2 };
thread_local int thread_mode = global;

}  // namespace

// A capture forbids calls that could wait for it: in the thread that began it, unless it is relaxed; a global one in
// every thread.
CUresult emulator::check_capture() {
  Lock lock(tables);
  if (thread_mode == relaxed) return CUDA_SUCCESS;
  CUresult result = CUDA_SUCCESS;
  for (Capture *capture : captures) {
    bool own = capture->thread == std::this_thread::get_id() && capture->mode != relaxed;
    bool others = thread_mode == global && capture->mode == global;
    if (!own && !others) continue;
    capture->invalid = true;
    result = CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
  }
  return result;
}
CUresult emulator::check_capture(CUstream stream) {
  Lock lock(tables);
  if (!stream->capture) return CUDA_SUCCESS;
  stream->capture->invalid = true;
  return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
}

CUresult cuStreamBeginCapture_v2(CUstream handle, int mode) {
  if (CUresult error = check_context()) return error;
  Lock lock(tables);
  CUstream stream = find_stream(handle);
  if (!stream) return CUDA_ERROR_INVALID_HANDLE;
  if (mode < global || mode > relaxed) return CUDA_ERROR_INVALID_VALUE;
  if (stream->capture || stream == &stream->context->legacy) return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
  Capture *capture = new Capture;
  capture->graph = new CUgraph_st;
  capture->origin = stream;
  capture->mode = mode;
  capture->thread = std::this_thread::get_id();
  capture->streams[stream];
  stream->capture = capture;
  captures.push_back(capture);
  return CUDA_SUCCESS;
}

CUresult cuStreamEndCapture(CUstream handle, CUgraph *graph) {
  CUresult error = check_context();
  if (error == CUDA_ERROR_NOT_INITIALIZED || error == CUDA_ERROR_INVALID_CONTEXT) return error;
  Lock lock(tables);
  *graph = nullptr;
  CUstream stream = find_stream(handle);
  if (!stream) return CUDA_ERROR_INVALID_HANDLE;
  Capture *capture = stream->capture;
  if (!capture) return CUDA_ERROR_INVALID_VALUE;
  if (capture->origin != stream) {
    capture->invalid = true;
    return CUDA_ERROR_STREAM_CAPTURE_UNMATCHED;
  }
  if (capture->mode != relaxed && capture->thread != std::this_thread::get_id())
    return CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD;
  if (capture->invalid) error = CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
  // Whatever another stream did must come before the end.
  Ancestors &end = capture->streams[stream];
  for (auto &[other, ancestors] : capture->streams) {
    if (!error && ancestors[other] > end[other]) error = CUDA_ERROR_STREAM_CAPTURE_UNJOINED;
    other->capture = nullptr;
  }
  forget_capture(capture);
  if (error) {
    delete capture->graph;
  } else {
    *graph = capture->graph;
    graphs.insert(*graph);
  }
  captures.erase(std::find(captures.begin(), captures.end(), capture));
  delete capture;
  return error;
}

CUresult cuStreamIsCapturing(CUstream handle, int *status) {
  if (CUresult error = check_context()) return error;
  Lock lock(tables);
  CUstream stream = find_stream(handle);
  if (!stream) return CUDA_ERROR_INVALID_HANDLE;
  *status = !stream->capture ? 0 : stream->capture->invalid ? 2 : 1;
  return CUDA_SUCCESS;
}

CUresult cuThreadExchangeStreamCaptureMode(int *mode) {
  if (*mode < global || *mode > relaxed) return CUDA_ERROR_INVALID_VALUE;
  std::swap(*mode, thread_mode);
  return CUDA_SUCCESS;
}

static std::shared_ptr<const std::vector<Operation>> operations(CUgraph graph) {
  auto copied = std::make_shared<std::vector<Operation>>();
  for (auto &node : graph->nodes) copied->push_back(node->operation);
  return copied;
}

CUresult cuGraphInstantiateWithFlags(CUgraphExec *executable, CUgraph graph, unsigned long long) {
  if (CUresult error = check_context()) return error;
  Lock lock(tables);
  if (!graphs.count(graph)) return CUDA_ERROR_INVALID_VALUE;
  *executable = new CUgraphExec_st{operations(graph)};
  executables.insert(*executable);
  return CUDA_SUCCESS;
}

// Takes over parameters and kernels, where both have the same operations in the same order.
CUresult cuGraphExecUpdate_v2(CUgraphExec executable, CUgraph graph, CUgraphExecUpdateResultInfo *info) {
  if (CUresult error = check_context()) return error;
  Lock lock(tables);
  if (!executables.count(executable) || !graphs.count(graph)) return CUDA_ERROR_INVALID_VALUE;
  constexpr int succeeded = 0, topology_changed = 2, type_changed = 3;
  *info = {succeeded, nullptr, nullptr};
  if (executable->operations->size() != graph->nodes.size()) info->result = topology_changed;
  for (size_t i = 0; i < graph->nodes.size() && !info->result; i++)
    if ((*executable->operations)[i].kind != graph->nodes[i]->operation.kind) {
      info->result = type_changed;
      info->errorNode = graph->nodes[i].get();
    }
  if (info->result) return CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE;
  executable->operations = operations(graph);
  return CUDA_SUCCESS;
}

CUresult cuGraphUpload(CUgraphExec executable, CUstream stream) {
  if (CUresult error = check_context()) return error;
  Lock lock(tables);
  return executables.count(executable) && find_stream(stream) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}
CUresult cuGraphLaunch(CUgraphExec executable, CUstream handle) {
  if (CUresult error = check_context()) return error;
  CUstream stream;
  std::shared_ptr<const std::vector<Operation>> operations;
  {
    Lock lock(tables);
    stream = find_stream(handle);
    if (!stream) return CUDA_ERROR_INVALID_HANDLE;
    if (!executables.count(executable)) return CUDA_ERROR_INVALID_VALUE;
    operations = executable->operations;
  }
  return enqueue(stream, {OperationKind::graph, [operations] {
                            for (auto &operation : *operations)
                              if (CUresult error = operation.run()) return error;
                            return static_cast<CUresult>(CUDA_SUCCESS);
                          }});
}
CUresult cuGraphExecDestroy(CUgraphExec executable) {
  Lock lock(tables);
  if (!executables.erase(executable)) return CUDA_ERROR_INVALID_VALUE;
  delete executable;
  return CUDA_SUCCESS;
}
CUresult cuGraphDestroy(CUgraph graph) {
  Lock lock(tables);
  if (!graphs.erase(graph)) return CUDA_ERROR_INVALID_VALUE;
  delete graph;
  return CUDA_SUCCESS;
}
CUresult cuGraphGetNodes(CUgraph graph, CUgraphNode *nodes, size_t *count) {
  Lock lock(tables);
  if (!graphs.count(graph)) return CUDA_ERROR_INVALID_VALUE;
  size_t room = *count;
  *count = graph->nodes.size();
  for (size_t i = 0; nodes && i < room; i++) nodes[i] = i < *count ? graph->nodes[i].get() : nullptr;
  if (nodes && room < *count) *count = room;
  return CUDA_SUCCESS;
}
