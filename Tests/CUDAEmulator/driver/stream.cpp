// Streams and events: queues of work, and marks in them.
#include <string.h>

#include "emulator.h"
#include "state.h"

using namespace emulator;

namespace emulator {

static std::set<CUevent> events;

CUstream find_stream(CUstream handle) {
  Lock lock(tables);
  CUcontext context = current_context();
  // The legacy default stream has no handle, or CU_STREAM_LEGACY.
  if (reinterpret_cast<uintptr_t>(handle) <= 1) return context ? &context->legacy : nullptr;
  for (auto &device : devices())
    if (device->context.streams.count(handle)) return handle;
  return nullptr;
}

bool run_next(CUstream stream) {
  std::lock_guard<std::recursive_mutex> running(stream->running);
  Operation operation;
  {
    std::lock_guard<std::mutex> lock(stream->queueing);
    if (stream->queue.empty()) return false;
    operation = std::move(stream->queue.front());
    stream->queue.pop_front();
  }
  // After a failure nothing runs any more, but marks are reached, so that nobody waits for ever.
  bool only_marks = stream->context->failure != CUDA_SUCCESS;
  if (!only_marks || operation.kind == OperationKind::event) {
    if (CUresult error = operation.run()) {
      CUresult none = CUDA_SUCCESS;
      stream->context->failure.compare_exchange_strong(none, error);
    }
  }
  return true;
}

void run_queued(CUstream stream, const Mark *mark) {
  for (;;) {
    if (mark && mark->reached) return;
    // Another thread may run this stream's work, and wait meanwhile for work that this thread runs.
    if (!stream->running.try_lock()) {
      std::this_thread::sleep_for(std::chrono::microseconds(20));
      continue;
    }
    bool ran = run_next(stream);
    stream->running.unlock();
    if (!ran) return;
  }
}

void forget_capture(const Capture *capture) {
  Lock lock(tables);
  for (CUevent event : events)
    if (event->capture == capture) {
      event->capture = nullptr;
      event->mark = nullptr;
    }
}

static std::vector<CUstream> streams(CUcontext context, bool blocking_only) {
  Lock lock(tables);
  std::vector<CUstream> found;
  for (CUstream stream : context->streams)
    if (!stream->capture && (stream->blocking || !blocking_only)) found.push_back(stream);
  return found;
}
void run_blocking(CUcontext context) {
  for (CUstream stream : streams(context, true)) run_queued(stream, nullptr);
}
void run_all(CUcontext context) {
  for (CUstream stream : streams(context, false)) run_queued(stream, nullptr);
  run_queued(&context->legacy, nullptr);
}

CUresult enqueue(CUstream stream, Operation operation) {
  bool legacy = stream == &stream->context->legacy;
  {
    Lock lock(tables);
    if (Capture *capture = stream->capture) {
      if (capture->invalid) return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
      capture->graph->nodes.push_back(std::make_unique<CUgraphNode_st>(CUgraphNode_st{std::move(operation)}));
      capture->streams[stream][stream] = capture->graph->nodes.size();
      return CUDA_SUCCESS;
    }
    if (legacy)
      for (CUstream other : stream->context->streams)
        if (other->capture && other->blocking) {
          other->capture->invalid = true;
          return CUDA_ERROR_STREAM_CAPTURE_IMPLICIT;
        }
  }
  if (legacy) run_blocking(stream->context);
  {
    std::lock_guard<std::mutex> lock(stream->queueing);
    stream->queue.push_back(std::move(operation));
  }
  if (!defers() || legacy) {
    run_queued(stream, nullptr);
    return stream->context->failure;
  }
  return CUDA_SUCCESS;
}

}  // namespace emulator

CUresult sgmnEmulatorEnqueue(CUstream handle, CUresult (*run)(void *), void *argument, void (*release)(void *)) {
  // Released with the last operation that holds it.
  std::shared_ptr<void> held(argument, release);
  if (CUresult error = check_context()) return error;
  CUstream stream = find_stream(handle);
  if (!stream) return CUDA_ERROR_INVALID_HANDLE;
  return enqueue(stream, {OperationKind::library, [=] { return run(held.get()); }});
}

CUresult cuStreamCreateWithPriority(CUstream *stream, unsigned flags, int) {
  if (CUresult error = check_context()) return error;
  Lock lock(tables);
  if (flags > 1) return CUDA_ERROR_INVALID_VALUE;
  CUstream made = new CUstream_st;
  made->context = current_context();
  made->blocking = flags == 0;
  made->context->streams.insert(made);
  *stream = made;
  return CUDA_SUCCESS;
}
CUresult cuStreamCreate(CUstream *stream, unsigned flags) { return cuStreamCreateWithPriority(stream, flags, 0); }

CUresult cuStreamDestroy_v2(CUstream handle) {
  CUstream stream = find_stream(handle);
  if (!stream || stream == &stream->context->legacy) return CUDA_ERROR_INVALID_HANDLE;
  if (stream->capture) return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
  run_queued(stream, nullptr);
  Lock lock(tables);
  stream->context->streams.erase(stream);
  delete stream;
  return CUDA_SUCCESS;
}
CUresult cuStreamSynchronize(CUstream handle) {
  if (CUresult error = check_context()) return error;
  CUstream stream = find_stream(handle);
  if (!stream) return CUDA_ERROR_INVALID_HANDLE;
  if (CUresult error = check_capture(stream)) return error;
  if (stream == &stream->context->legacy) run_blocking(stream->context);
  run_queued(stream, nullptr);
  return stream->context->failure;
}
// Asking again and again ends too: each time a deferred operation runs.
CUresult cuStreamQuery(CUstream handle) {
  if (CUresult error = check_context()) return error;
  CUstream stream = find_stream(handle);
  if (!stream) return CUDA_ERROR_INVALID_HANDLE;
  if (CUresult error = check_capture(stream)) return error;
  if (run_next(stream)) return CUDA_ERROR_NOT_READY;
  return stream->context->failure;
}
CUresult cuStreamGetCtx(CUstream handle, CUcontext *context) {
  CUstream stream = find_stream(handle);
  if (!stream) return CUDA_ERROR_INVALID_HANDLE;
  *context = stream->context;
  return CUDA_SUCCESS;
}
CUresult cuLaunchHostFunc(CUstream handle, void (*function)(void *), void *argument) {
  if (CUresult error = check_context()) return error;
  CUstream stream = find_stream(handle);
  if (!stream) return CUDA_ERROR_INVALID_HANDLE;
  return enqueue(stream, {OperationKind::host, [=] {
                            function(argument);
                            return CUDA_SUCCESS;
                          }});
}

CUresult cuEventCreate(CUevent *event, unsigned flags) {
  if (CUresult error = check_context()) return error;
  Lock lock(tables);
  if (flags > 7) return CUDA_ERROR_INVALID_VALUE;
  CUevent made = new CUevent_st;
  made->timed = !(flags & 2);
  events.insert(made);
  *event = made;
  return CUDA_SUCCESS;
}
static bool exists(CUevent event) {
  Lock lock(tables);
  return events.count(event) > 0;
}
CUresult cuEventDestroy_v2(CUevent event) {
  Lock lock(tables);
  if (!events.erase(event)) return CUDA_ERROR_INVALID_HANDLE;
  delete event;
  return CUDA_SUCCESS;
}

CUresult cuEventRecord(CUevent event, CUstream handle) {
  if (CUresult error = check_context()) return error;
  CUstream stream = find_stream(handle);
  if (!stream || !exists(event)) return CUDA_ERROR_INVALID_HANDLE;
  auto mark = std::make_shared<Mark>();
  mark->stream = stream;
  {
    Lock lock(tables);
    event->capture = stream->capture;
    if (Capture *capture = stream->capture) {
      if (capture->invalid) return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
      event->ancestors = capture->streams[stream];
      return CUDA_SUCCESS;
    }
    event->mark = mark;
  }
  return enqueue(stream, {OperationKind::event, [mark] {
                            mark->time = std::chrono::steady_clock::now();
                            mark->reached = true;
                            return CUDA_SUCCESS;
                          }});
}

CUresult cuStreamWaitEvent(CUstream handle, CUevent event, unsigned flags) {
  if (CUresult error = check_context()) return error;
  CUstream stream = find_stream(handle);
  if (!stream || !exists(event)) return CUDA_ERROR_INVALID_HANDLE;
  if (flags) return CUDA_ERROR_INVALID_VALUE;
  std::shared_ptr<Mark> mark;
  {
    Lock lock(tables);
    Capture *capture = stream->capture;
    if (capture && capture->invalid) return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
    if (event->capture) {
      if (event->capture->invalid) return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
      if (capture && capture != event->capture) {
        capture->invalid = event->capture->invalid = true;
        return CUDA_ERROR_STREAM_CAPTURE_MERGE;
      }
      stream->capture = event->capture;
      Ancestors &ancestors = event->capture->streams[stream];
      for (auto &[other, count] : event->ancestors)
        if (ancestors[other] < count) ancestors[other] = count;
      return CUDA_SUCCESS;
    }
    mark = event->mark;
    if (capture) {
      capture->invalid = true;
      return CUDA_ERROR_STREAM_CAPTURE_ISOLATION;
    }
  }
  if (!mark || mark->stream == stream) return CUDA_SUCCESS;
  return enqueue(stream, {OperationKind::wait, [mark] {
                            if (!mark->reached) run_queued(mark->stream, mark.get());
                            return CUDA_SUCCESS;
                          }});
}

CUresult cuEventSynchronize(CUevent event) {
  if (CUresult error = check_context()) return error;
  if (!exists(event)) return CUDA_ERROR_INVALID_HANDLE;
  if (event->capture) return event->capture->invalid = true, CUDA_ERROR_CAPTURED_EVENT;
  if (CUresult error = check_capture()) return error;
  auto mark = event->mark;
  if (mark && !mark->reached) run_queued(mark->stream, mark.get());
  return current_context()->failure;
}
CUresult cuEventQuery(CUevent event) {
  if (CUresult error = check_context()) return error;
  if (!exists(event)) return CUDA_ERROR_INVALID_HANDLE;
  if (event->capture) return event->capture->invalid = true, CUDA_ERROR_CAPTURED_EVENT;
  if (CUresult error = check_capture()) return error;
  auto mark = event->mark;
  if (mark && !mark->reached) return run_next(mark->stream), CUDA_ERROR_NOT_READY;
  return current_context()->failure;
}
CUresult cuEventElapsedTime_v2(float *milliseconds, CUevent start, CUevent end) {
  if (CUresult error = check_context()) return error;
  if (!exists(start) || !exists(end) || !start->timed || !end->timed || !start->mark || !end->mark)
    return CUDA_ERROR_INVALID_HANDLE;
  if (!start->mark->reached || !end->mark->reached) return CUDA_ERROR_NOT_READY;
  *milliseconds = std::chrono::duration<float, std::milli>(end->mark->time - start->mark->time).count();
  return CUDA_SUCCESS;
}
CUresult cuEventElapsedTime(float *milliseconds, CUevent start, CUevent end) {
  return cuEventElapsedTime_v2(milliseconds, start, end);
}
