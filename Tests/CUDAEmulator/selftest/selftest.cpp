// Tries the emulator itself, each check in a process of its own; prints a line for each, fails where one fails.
//
//   emulator-selftest          all
//   emulator-selftest NAME     one, in this process
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "../driver/emulator.h"

namespace {

#define EXPECT(condition) expect(condition, #condition, __LINE__)
void expect(bool holds, const char *condition, int line) {
  if (holds) return;
  fprintf(stderr, "selftest.cpp:%d: %s\n", line, condition);
  exit(1);
}
#define EXPECT_EQUAL(a, b) expect_equal(a, b, #a, __LINE__)
void expect_equal(double a, double b, const char *what, int line) {
  if (a == b) return;
  fprintf(stderr, "selftest.cpp:%d: %s is %.9g, not %.9g\n", line, what, a, b);
  exit(1);
}

CUmodule module;
void start() {
  EXPECT_EQUAL(cuInit(0), CUDA_SUCCESS);
  CUcontext context;
  EXPECT_EQUAL(cuDevicePrimaryCtxRetain(&context, 0), CUDA_SUCCESS);
  EXPECT_EQUAL(cuCtxSetCurrent(context), CUDA_SUCCESS);
  EXPECT_EQUAL(cuModuleLoadData(&module, "emulated cubin\nsm_90a\ntrial.cu"), CUDA_SUCCESS);
}
CUfunction kernel(const char *name) {
  CUfunction function;
  EXPECT_EQUAL(cuModuleGetFunction(&function, module, name), CUDA_SUCCESS);
  return function;
}
CUstream make_stream() {
  CUstream stream;
  EXPECT_EQUAL(cuStreamCreateWithPriority(&stream, 1, 0), CUDA_SUCCESS);
  return stream;
}
CUevent make_event() {
  CUevent event;
  EXPECT_EQUAL(cuEventCreate(&event, 2), CUDA_SUCCESS);
  return event;
}

struct Memory {
  CUdeviceptr pointer;
  size_t bytes;
  explicit Memory(size_t bytes) : bytes(bytes) { EXPECT_EQUAL(cuMemAlloc_v2(&pointer, bytes), CUDA_SUCCESS); }
  template <class T>
  std::vector<T> read() const {
    std::vector<T> values(bytes / sizeof(T));
    EXPECT_EQUAL(cuMemcpyDtoH_v2(values.data(), pointer, bytes), CUDA_SUCCESS);
    return values;
  }
  template <class T>
  static Memory of(const std::vector<T> &values) {
    Memory memory(values.size() * sizeof(T));
    EXPECT_EQUAL(cuMemcpyHtoD_v2(memory.pointer, values.data(), memory.bytes), CUDA_SUCCESS);
    return memory;
  }
};

template <class... P>
CUresult launch(CUstream stream, const char *name, unsigned blocks, unsigned threads, unsigned shared, P... parameters) {
  void *pointers[] = {&parameters..., nullptr};
  return cuLaunchKernel(kernel(name), blocks, 1, 1, threads, 1, 1, shared, stream, pointers, nullptr);
}

void sums_blocks() {
  start();
  std::vector<float> x(1000);
  for (int i = 0; i < 1000; i++) x[i] = static_cast<float>(i);
  Memory in = Memory::of(x), out(4000);
  EXPECT_EQUAL(launch(nullptr, "add_block_sum_f32", 8, 128, 0, in.pointer, out.pointer, 1000L), CUDA_SUCCESS);
  auto y = out.read<float>();
  for (int i = 0; i < 1000; i++) {
    double sum = 0;
    for (int k = i / 128 * 128; k < 1000 && k < i / 128 * 128 + 128; k++) sum += k;
    EXPECT_EQUAL(y[i], static_cast<float>(i + sum));
  }
}

void runs_many_threads() {
  start();
  long n = 1000003;
  Memory in = Memory::of(std::vector<float>(n, 1.5f)), out(4 * n);
  EXPECT_EQUAL(launch(nullptr, "double_f32", 3907, 256, 0, in.pointer, out.pointer, n), CUDA_SUCCESS);
  for (float y : out.read<float>()) EXPECT_EQUAL(y, 3);
  Memory low = Memory::of(std::vector<unsigned short>{0x3f80, 0x3f81, 0x7f80}), twice(6);
  EXPECT_EQUAL(launch(nullptr, "double_bf16", 1, 32, 0, low.pointer, twice.pointer, 3L), CUDA_SUCCESS);
  auto y = twice.read<unsigned short>();
  EXPECT_EQUAL(y[0], 0x4000);
  EXPECT_EQUAL(y[1], 0x4001);
  EXPECT_EQUAL(y[2], 0x7f80);
}

void shuffles() {
  start();
  Memory out(32 * 7 * 4);
  EXPECT_EQUAL(launch(nullptr, "shuffle_i32", 1, 32, 0, out.pointer), CUDA_SUCCESS);
  auto y = out.read<int>();
  for (int lane = 0; lane < 32; lane++) {
    const int *got = &y[7 * lane];
    EXPECT_EQUAL(got[0], lane ^ 5);
    EXPECT_EQUAL(got[1], lane + 3 < 32 ? lane + 3 : lane);
    EXPECT_EQUAL(got[2], lane % 8 >= 3 ? lane - 3 : lane);
    EXPECT_EQUAL(got[3], 7);
    EXPECT_EQUAL(static_cast<unsigned>(got[4]), 0x49249249u);
    EXPECT_EQUAL(got[5], 1);
    EXPECT_EQUAL(got[6], lane < 16 ? lane ^ 1 : lane ^ 2);
  }
}

float widen(unsigned short bits) {
  unsigned wide = static_cast<unsigned>(bits) << 16;
  float x;
  memcpy(&x, &wide, 4);
  return x;
}

void multiplies_matrices() {
  start();
  std::vector<unsigned short> a(256), b(128);
  unsigned state = 1;
  for (auto *matrix : {&a, &b})
    for (auto &x : *matrix) x = static_cast<unsigned short>(0x3f00 | ((state = state * 1103515245 + 12345) >> 24));
  Memory left = Memory::of(a), right = Memory::of(b), out(16 * 8 * 4);
  EXPECT_EQUAL(launch(nullptr, "product_bf16", 1, 32, 768, left.pointer, right.pointer, out.pointer), CUDA_SUCCESS);
  auto d = out.read<float>();
  for (int i = 0; i < 16; i++)
    for (int j = 0; j < 8; j++) {
      double sum = 0;
      for (int k = 0; k < 16; k++) sum += static_cast<double>(widen(a[16 * i + k])) * widen(b[8 * k + j]);
      EXPECT(std::fabs(d[8 * i + j] - sum) < 1e-5 * sum);
    }
}

void delays_asynchronous_copies() {
  start();
  Memory in = Memory::of(std::vector<unsigned>{1, 2, 3, 4, 5, 6, 7, 8});
  for (int wait : {2, 1, 0})
    for (int valid : {1, 0}) {
      Memory out(32);
      EXPECT_EQUAL(launch(nullptr, "early_copy_u32", 1, 1, 32, in.pointer, out.pointer, wait, valid), CUDA_SUCCESS);
      auto y = out.read<unsigned>();
      for (unsigned i = 0; i < 8; i++) {
        bool arrived = i < 4 ? wait <= 1 : wait == 0;
        EXPECT_EQUAL(y[i], !arrived ? 0xffffffffu : i >= 4 && !valid ? 0 : i + 1);
      }
    }
}

void spoils_shared_memory() {
  start();
  Memory out(4 * 2 * 3);
  EXPECT_EQUAL(launch(nullptr, "unwritten_f32", 3, 1, 8, out.pointer), CUDA_SUCCESS);
  for (float y : out.read<float>()) EXPECT(std::isnan(y));
}

// In one of the two orders that blocks take turns in, each thread comes too early.
void shows_missing_barriers() {
  start();
  Memory out(4 * 128);
  EXPECT_EQUAL(launch(nullptr, "missing_barrier_f32", 2, 64, 0, out.pointer), CUDA_SUCCESS);
  auto y = out.read<float>();
  for (int i = 1; i < 63; i++) EXPECT(std::isnan(y[i]) && std::isnan(y[64 + i]));
}

void passes_parameters() {
  start();
  Memory out(40);
  struct { float a; double b; } pair = {1.5f, 2.5};
  EXPECT_EQUAL(launch(nullptr, "parameters_f64", 1, 1, 0, pair, -3, 1L << 40, 0.25f, out.pointer), CUDA_SUCCESS);
  auto y = out.read<double>();
  EXPECT(y[0] == 1.5 && y[1] == 2.5 && y[2] == -3 && y[3] == 1099511627776. && y[4] == 0.25);
  size_t offset, size;
  EXPECT_EQUAL(cuFuncGetParamInfo(kernel("parameters_f64"), 2, &offset, &size), CUDA_SUCCESS);
  EXPECT_EQUAL(size, 8);
  EXPECT_EQUAL(offset, 24);
  EXPECT_EQUAL(cuFuncGetParamInfo(kernel("parameters_f64"), 5, &offset, &size), CUDA_ERROR_INVALID_VALUE);
}

void refuses_wrong_launches() {
  start();
  Memory out(4);
  EXPECT_EQUAL(launch(nullptr, "bounded", 1, 129, 0, out.pointer), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQUAL(launch(nullptr, "bounded", 0, 32, 0, out.pointer), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQUAL(launch(nullptr, "bounded", 1, 32, 48 * 1024 + 1, out.pointer), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQUAL(cuFuncSetAttribute(kernel("bounded"), 8, 227 * 1024 + 1), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQUAL(cuFuncSetAttribute(kernel("bounded"), 8, 227 * 1024), CUDA_SUCCESS);
  int share = 0;
  EXPECT_EQUAL(cuFuncGetAttribute(&share, 9, kernel("bounded")), CUDA_SUCCESS);
  EXPECT_EQUAL(share, -1);
  EXPECT_EQUAL(cuFuncSetAttribute(kernel("bounded"), 9, 101), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQUAL(cuFuncSetAttribute(kernel("bounded"), 9, 100), CUDA_SUCCESS);
  EXPECT_EQUAL(cuFuncGetAttribute(&share, 9, kernel("bounded")), CUDA_SUCCESS);
  EXPECT_EQUAL(share, 100);
  EXPECT_EQUAL(launch(nullptr, "bounded", 1, 32, 227 * 1024, out.pointer), CUDA_SUCCESS);
  void *parameters[] = {&out.pointer};
  EXPECT_EQUAL(cuLaunchKernel(kernel("bounded"), 1, 65536, 1, 32, 1, 1, 0, nullptr, parameters, nullptr),
               CUDA_ERROR_INVALID_VALUE);
  CUfunction function;
  EXPECT_EQUAL(cuModuleGetFunction(&function, module, "unknown"), CUDA_ERROR_NOT_FOUND);
  EXPECT_EQUAL(cuModuleLoadData(&module, "no image"), CUDA_ERROR_INVALID_IMAGE);
  EXPECT_EQUAL(cuModuleLoadData(&module, "emulated cubin\nsm_80\ntrial.cu"), CUDA_ERROR_NO_BINARY_FOR_GPU);
  std::thread([] {
    size_t free, total;
    EXPECT_EQUAL(cuMemGetInfo_v2(&free, &total), CUDA_ERROR_INVALID_CONTEXT);
  }).join();
}

void keeps_account_of_memory() {
  setenv("SGMN_EMULATOR_MEMORY", "8388608", 1);
  start();
  size_t free, total;
  CUdeviceptr first, second;
  EXPECT_EQUAL(cuMemAlloc_v2(&first, 5000000), CUDA_SUCCESS);
  EXPECT_EQUAL(cuMemAlloc_v2(&second, 5000000), CUDA_ERROR_OUT_OF_MEMORY);
  EXPECT_EQUAL(cuMemGetInfo_v2(&free, &total), CUDA_SUCCESS);
  EXPECT(total == 8388608 && free < total - 5000000 && free > total - 5001000);
  float value;
  EXPECT_EQUAL(cuMemcpyDtoH_v2(&value, first + 4999996, 4), CUDA_SUCCESS);
  EXPECT(std::isnan(value));
  EXPECT_EQUAL(cuMemcpyDtoH_v2(&value, first + 4999997, 4), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQUAL(cuMemFree_v2(first + 256), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQUAL(cuMemFree_v2(first), CUDA_SUCCESS);
  EXPECT_EQUAL(cuMemFree_v2(first), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQUAL(cuMemGetInfo_v2(&free, &total), CUDA_SUCCESS);
  EXPECT_EQUAL(free, total);
}

void maps_memory() {
  setenv("SGMN_EMULATOR_MEMORY", "8388608", 1);
  start();
  constexpr size_t unit = 2 << 20;
  CUmemAllocationProp property = {};
  property.type = property.location.type = 1;
  size_t granularity;
  EXPECT_EQUAL(cuMemGetAllocationGranularity(&granularity, &property, 0), CUDA_SUCCESS);
  EXPECT_EQUAL(granularity, unit);
  CUdeviceptr space;
  EXPECT_EQUAL(cuMemAddressReserve(&space, 64 * unit, 0, 0, 0), CUDA_SUCCESS);
  CUmemGenericAllocationHandle first, second, third;
  EXPECT_EQUAL(cuMemCreate(&first, 2 * unit, &property, 0), CUDA_SUCCESS);
  EXPECT_EQUAL(cuMemCreate(&second, unit, &property, 0), CUDA_SUCCESS);
  EXPECT_EQUAL(cuMemCreate(&third, 2 * unit, &property, 0), CUDA_ERROR_OUT_OF_MEMORY);
  EXPECT_EQUAL(cuMemMap(space, 2 * unit, 0, first, 0), CUDA_SUCCESS);
  EXPECT_EQUAL(cuMemMap(space + unit, unit, 0, second, 0), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQUAL(cuMemMap(space + 2 * unit, unit, 0, second, 0), CUDA_SUCCESS);
  EXPECT_EQUAL(cuMemsetD8_v2(space, 1, unit), CUDA_ERROR_INVALID_VALUE);
  CUmemAccessDesc access = {{1, 0}, 3};
  EXPECT_EQUAL(cuMemSetAccess(space, 3 * unit, &access, 1), CUDA_SUCCESS);
  EXPECT_EQUAL(cuMemsetD32_v2(space, 7, 3 * unit / 4), CUDA_SUCCESS);
  EXPECT_EQUAL(*reinterpret_cast<unsigned *>(space + 3 * unit - 4), 7);
  EXPECT_EQUAL(cuMemRelease(first), CUDA_SUCCESS);
  EXPECT_EQUAL(cuMemAddressFree(space, 64 * unit), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQUAL(cuMemUnmap(space, 2 * unit), CUDA_SUCCESS);
  EXPECT_EQUAL(cuMemCreate(&third, 2 * unit, &property, 0), CUDA_SUCCESS);
  EXPECT_EQUAL(cuMemsetD8_v2(space, 1, unit), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQUAL(cuMemUnmap(space + 2 * unit, unit), CUDA_SUCCESS);
  EXPECT_EQUAL(cuMemAddressFree(space, 64 * unit), CUDA_SUCCESS);
}

// Work of a stream that nothing has asked for has not run.
void defers_work() {
  setenv("SGMN_EMULATOR_DEFER", "1", 1);
  start();
  CUstream copies = make_stream(), compute = make_stream();
  CUevent copied = make_event();
  void *memory;
  EXPECT_EQUAL(cuMemAllocHost_v2(&memory, 8), CUDA_SUCCESS);
  float *host = static_cast<float *>(memory);
  for (bool waits : {false, true}) {
    Memory in(4), out(4);
    host[0] = 5;
    EXPECT_EQUAL(cuMemcpyHtoDAsync_v2(in.pointer, host, 4, copies), CUDA_SUCCESS);
    EXPECT_EQUAL(cuEventRecord(copied, copies), CUDA_SUCCESS);
    EXPECT_EQUAL(cuEventQuery(make_event()), CUDA_SUCCESS);
    if (waits) EXPECT_EQUAL(cuStreamWaitEvent(compute, copied, 0), CUDA_SUCCESS);
    EXPECT_EQUAL(launch(compute, "double_f32", 1, 1, 0, in.pointer, out.pointer, 1L), CUDA_SUCCESS);
    EXPECT_EQUAL(cuMemcpyDtoHAsync_v2(host + 1, out.pointer, 4, compute), CUDA_SUCCESS);
    host[1] = 0;
    EXPECT_EQUAL(cuStreamSynchronize(compute), CUDA_SUCCESS);
    if (waits)
      EXPECT_EQUAL(host[1], 10);
    else
      EXPECT(std::isnan(host[1]));
    EXPECT_EQUAL(cuEventSynchronize(copied), CUDA_SUCCESS);
  }
  // A buffer that is changed before its copy; pageable memory is read by the call.
  Memory pinned(4), pageable(4);
  float plain = 1;
  host[0] = 1;
  EXPECT_EQUAL(cuMemcpyHtoDAsync_v2(pinned.pointer, host, 4, copies), CUDA_SUCCESS);
  EXPECT_EQUAL(cuMemcpyHtoDAsync_v2(pageable.pointer, &plain, 4, copies), CUDA_SUCCESS);
  host[0] = plain = 2;
  EXPECT_EQUAL(cuStreamSynchronize(copies), CUDA_SUCCESS);
  EXPECT_EQUAL(pinned.read<float>()[0], 2);
  EXPECT_EQUAL(pageable.read<float>()[0], 1);
  // Asking often enough brings the end.
  Memory other(4);
  EXPECT_EQUAL(cuMemsetD8Async(other.pointer, 0, 4, copies), CUDA_SUCCESS);
  EXPECT_EQUAL(cuEventRecord(copied, copies), CUDA_SUCCESS);
  EXPECT_EQUAL(cuEventQuery(copied), CUDA_ERROR_NOT_READY);
  EXPECT_EQUAL(cuEventQuery(copied), CUDA_ERROR_NOT_READY);
  EXPECT_EQUAL(cuEventQuery(copied), CUDA_SUCCESS);
}

void captures_graphs() {
  start();
  CUstream stream = make_stream(), side = make_stream();
  CUevent fork = make_event(), join = make_event();
  Memory one = Memory::of(std::vector<float>{1}), two(4), four(4), other = Memory::of(std::vector<float>{100});
  auto result = [&] {
    EXPECT_EQUAL(cuStreamSynchronize(stream), CUDA_SUCCESS);
    return four.read<float>()[0];
  };
  auto capture = [&](CUdeviceptr from, bool joins) {
    EXPECT_EQUAL(cuStreamBeginCapture_v2(stream, 1), CUDA_SUCCESS);
    EXPECT_EQUAL(launch(stream, "double_f32", 1, 1, 0, from, two.pointer, 1L), CUDA_SUCCESS);
    EXPECT_EQUAL(cuEventRecord(fork, stream), CUDA_SUCCESS);
    EXPECT_EQUAL(cuStreamWaitEvent(side, fork, 0), CUDA_SUCCESS);
    EXPECT_EQUAL(launch(side, "double_f32", 1, 1, 0, two.pointer, four.pointer, 1L), CUDA_SUCCESS);
    if (joins) {
      EXPECT_EQUAL(cuEventRecord(join, side), CUDA_SUCCESS);
      EXPECT_EQUAL(cuStreamWaitEvent(stream, join, 0), CUDA_SUCCESS);
    }
    int status;
    EXPECT_EQUAL(cuStreamIsCapturing(side, &status), CUDA_SUCCESS);
    EXPECT_EQUAL(status, 1);
    CUgraph graph;
    EXPECT_EQUAL(cuStreamEndCapture(stream, &graph), joins ? CUDA_SUCCESS : CUDA_ERROR_STREAM_CAPTURE_UNJOINED);
    return graph;
  };
  EXPECT(!capture(one.pointer, false));
  CUgraph graph = capture(one.pointer, true);
  EXPECT(std::isnan(two.read<float>()[0]));
  size_t count = 0;
  EXPECT_EQUAL(cuGraphGetNodes(graph, nullptr, &count), CUDA_SUCCESS);
  EXPECT_EQUAL(count, 2);
  CUgraphExec executable;
  EXPECT_EQUAL(cuGraphInstantiateWithFlags(&executable, graph, 0), CUDA_SUCCESS);
  EXPECT_EQUAL(cuGraphDestroy(graph), CUDA_SUCCESS);
  EXPECT_EQUAL(cuGraphLaunch(executable, stream), CUDA_SUCCESS);
  EXPECT_EQUAL(result(), 4);
  EXPECT_EQUAL(cuMemcpyDtoD_v2(one.pointer, other.pointer, 4), CUDA_SUCCESS);
  EXPECT_EQUAL(cuGraphLaunch(executable, stream), CUDA_SUCCESS);
  EXPECT_EQUAL(result(), 400);

  Memory third = Memory::of(std::vector<float>{3});
  CUgraphExecUpdateResultInfo info;
  EXPECT_EQUAL(cuGraphExecUpdate_v2(executable, capture(third.pointer, true), &info), CUDA_SUCCESS);
  EXPECT_EQUAL(cuGraphLaunch(executable, stream), CUDA_SUCCESS);
  EXPECT_EQUAL(result(), 12);
  EXPECT_EQUAL(cuStreamBeginCapture_v2(stream, 1), CUDA_SUCCESS);
  EXPECT_EQUAL(cuMemsetD32Async(two.pointer, 0, 1, stream), CUDA_SUCCESS);
  EXPECT_EQUAL(cuStreamEndCapture(stream, &graph), CUDA_SUCCESS);
  EXPECT_EQUAL(cuGraphExecUpdate_v2(executable, graph, &info), CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE);
  EXPECT_EQUAL(cuGraphLaunch(executable, stream), CUDA_SUCCESS);
  EXPECT_EQUAL(result(), 12);

  // What a capture forbids spoils it.
  for (int which = 0; which < 4; which++) {
    EXPECT_EQUAL(cuStreamBeginCapture_v2(stream, 1), CUDA_SUCCESS);
    CUdeviceptr pointer;
    float value;
    CUresult refusal = which == 0  ? cuStreamSynchronize(stream)
                      : which == 1 ? cuMemAlloc_v2(&pointer, 4)
                      : which == 2 ? cuMemcpyDtoH_v2(&value, two.pointer, 4)
                                   : cuCtxSynchronize();
    EXPECT_EQUAL(refusal, CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
    EXPECT_EQUAL(cuMemsetD32Async(two.pointer, 0, 1, stream), CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
    EXPECT_EQUAL(cuStreamEndCapture(stream, &graph), CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
    EXPECT(!graph);
  }
}

void keeps_failures() {
  setenv("SGMN_EMULATOR_FAIL", "double_f32", 1);
  setenv("SGMN_EMULATOR_DEFER", "1", 1);
  start();
  CUstream stream = make_stream();
  Memory out(4);
  EXPECT_EQUAL(launch(stream, "double_f32", 1, 1, 0, out.pointer, out.pointer, 1L), CUDA_SUCCESS);
  EXPECT_EQUAL(cuStreamSynchronize(stream), CUDA_ERROR_ILLEGAL_ADDRESS);
  EXPECT_EQUAL(cuCtxSynchronize(), CUDA_ERROR_ILLEGAL_ADDRESS);
  CUdeviceptr pointer;
  EXPECT_EQUAL(cuMemAlloc_v2(&pointer, 4), CUDA_ERROR_ILLEGAL_ADDRESS);
}

void has_several_devices() {
  setenv("SGMN_EMULATOR_DEVICES", "3", 1);
  setenv("CUDA_VISIBLE_DEVICES", "2,0", 1);
  start();
  int count;
  EXPECT_EQUAL(cuDeviceGetCount(&count), CUDA_SUCCESS);
  EXPECT_EQUAL(count, 2);
  CUuuid first, again, second;
  EXPECT_EQUAL(cuDeviceGetUuid_v2(&first, 0), CUDA_SUCCESS);
  EXPECT_EQUAL(cuDeviceGetUuid_v2(&again, 0), CUDA_SUCCESS);
  EXPECT_EQUAL(cuDeviceGetUuid_v2(&second, 1), CUDA_SUCCESS);
  EXPECT(!memcmp(&first, &again, 16) && memcmp(&first, &second, 16));
  CUdevice device;
  EXPECT_EQUAL(cuDeviceGet(&device, 2), CUDA_ERROR_INVALID_DEVICE);
}

// In the library itself, which lies beside this program.
void gives_addresses() {
  char path[4096] = {};
  EXPECT(readlink("/proc/self/exe", path, sizeof path - 1) > 0);
  std::string folder(path, strrchr(path, '/'));
  void *library = dlopen((folder + "/libcuda.so.1").c_str(), RTLD_NOW);
  EXPECT(library);
  auto address = reinterpret_cast<decltype(&cuGetProcAddress_v2)>(dlsym(library, "cuGetProcAddress_v2"));
  void *function;
  int status;
  EXPECT_EQUAL(address("cuMemAlloc", &function, 13000, 0, &status), CUDA_SUCCESS);
  EXPECT(function && function == dlsym(library, "cuMemAlloc_v2"));
  EXPECT_EQUAL(address("cuNothing", &function, 13000, 0, &status), CUDA_ERROR_NOT_FOUND);
}

// Work of other libraries, released once when nothing can run it again.
void runs_library_work() {
  setenv("SGMN_EMULATOR_DEFER", "1", 1);
  start();
  static int runs, releases;
  auto run = [](void *argument) { return runs += *static_cast<int *>(argument), static_cast<CUresult>(0); };
  auto release = [](void *argument) { releases++, delete static_cast<int *>(argument); };
  CUstream stream = make_stream();
  EXPECT_EQUAL(sgmnEmulatorEnqueue(stream, run, new int(1), release), CUDA_SUCCESS);
  EXPECT_EQUAL(runs, 0);
  EXPECT_EQUAL(cuStreamSynchronize(stream), CUDA_SUCCESS);
  EXPECT(runs == 1 && releases == 1);
  EXPECT_EQUAL(cuStreamBeginCapture_v2(stream, 1), CUDA_SUCCESS);
  EXPECT_EQUAL(sgmnEmulatorEnqueue(stream, run, new int(10), release), CUDA_SUCCESS);
  CUgraph graph;
  EXPECT_EQUAL(cuStreamEndCapture(stream, &graph), CUDA_SUCCESS);
  CUgraphExec executable;
  EXPECT_EQUAL(cuGraphInstantiateWithFlags(&executable, graph, 0), CUDA_SUCCESS);
  EXPECT_EQUAL(cuGraphDestroy(graph), CUDA_SUCCESS);
  EXPECT_EQUAL(cuGraphLaunch(executable, stream), CUDA_SUCCESS);
  EXPECT_EQUAL(cuGraphLaunch(executable, stream), CUDA_SUCCESS);
  EXPECT_EQUAL(cuStreamSynchronize(stream), CUDA_SUCCESS);
  EXPECT(runs == 21 && releases == 1);
  EXPECT_EQUAL(cuGraphExecDestroy(executable), CUDA_SUCCESS);
  EXPECT_EQUAL(releases, 2);
}

const struct {
  const char *name;
  void (*run)();
} checks[] = {
  {"sums_blocks", sums_blocks},
  {"runs_many_threads", runs_many_threads},
  {"shuffles", shuffles},
  {"multiplies_matrices", multiplies_matrices},
  {"delays_asynchronous_copies", delays_asynchronous_copies},
  {"spoils_shared_memory", spoils_shared_memory},
  {"shows_missing_barriers", shows_missing_barriers},
  {"passes_parameters", passes_parameters},
  {"refuses_wrong_launches", refuses_wrong_launches},
  {"keeps_account_of_memory", keeps_account_of_memory},
  {"maps_memory", maps_memory},
  {"defers_work", defers_work},
  {"captures_graphs", captures_graphs},
  {"keeps_failures", keeps_failures},
  {"has_several_devices", has_several_devices},
  {"gives_addresses", gives_addresses},
  {"runs_library_work", runs_library_work},
};

// Faults of kernels, which end the process with a line that says what and where.
const struct {
  const char *name, *line;
  unsigned threads;
} faults[] = {
  {"barrier_after_end", "faulty: block (0, 0, 0), thread", 32},
  {"divergent_shuffle", "in __shfl_xor_sync, mask ffffffff", 32},
  {"shuffle_from_ended_lane", "a shuffle reads lane 5, which does not take part or has ended", 32},
  {"index_out_of_bounds", "index out of bounds", 32},
  {"dynamic_shared_overrun", "wrote behind its 120 bytes of dynamic shared memory", 30},
  {"misaligned_vector", "misaligned access", 1},
  {"access_outside", "access to memory that is not there", 1},
  {"lane_outside_its_mask", "lane 0 is not in its own mask 00000080", 1},
  {"matrices_not_shared", "row is not in shared memory", 32},
  {"copy_target_not_shared", "target is not in shared memory", 1},
};
void fault(int which) {
  start();
  Memory out(4096);
  launch(nullptr, "faulty", 1, faults[which].threads, 120, which, out.pointer);
  cuCtxSynchronize();
}

// Runs `body` in another process; gives its wait status and what it wrote to the standard error.
int run_apart(const std::function<void()> &body, std::string &output) {
  int ends[2];
  if (pipe(ends) != 0) exit(1);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    close(ends[0]);
    body();
    exit(0);
  }
  close(ends[1]);
  char bytes[4096];
  for (ssize_t count; (count = read(ends[0], bytes, sizeof bytes)) > 0;) output.append(bytes, static_cast<size_t>(count));
  close(ends[0]);
  int status;
  waitpid(child, &status, 0);
  return status;
}

}  // namespace

int main(int count, char **arguments) {
  // Checks set what they need.
  for (const char *variable : {"DEFER", "ORDER", "DEVICES", "MEMORY", "FAIL"})
    unsetenv((std::string("SGMN_EMULATOR_") + variable).c_str());
  unsetenv("CUDA_VISIBLE_DEVICES");
  if (count > 1) {
    for (auto &check : checks)
      if (!strcmp(check.name, arguments[1])) return check.run(), 0;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
      if (!strcmp(faults[i].name, arguments[1])) return fault(static_cast<int>(i)), 0;
    return 64;
  }
  bool failed = false;
  auto report = [&](const char *name, bool holds, const std::string &output) {
    printf("%s %s\n%s", holds ? "ok    " : "FAILED", name, holds ? "" : output.c_str());
    failed = failed || !holds;
  };
  for (auto &check : checks) {
    std::string output;
    report(check.name, run_apart(check.run, output) == 0, output);
  }
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
    std::string output;
    int status = run_apart([=] { fault(static_cast<int>(i)); }, output);
    report(faults[i].name, WIFSIGNALED(status) && output.find(faults[i].line) != std::string::npos, output);
  }
  return failed;
}
