// Start, errors, devices, contexts.
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cstdio>

#include "emulator.h"
#include "state.h"

using namespace emulator;

namespace emulator {

std::recursive_mutex tables;

static bool initialized = false;
static thread_local CUcontext current = nullptr;

static size_t number(const char *variable, size_t otherwise) {
  const char *text = getenv(variable);
  return text && *text ? strtoull(text, nullptr, 10) : otherwise;
}

bool defers() {
  static const bool defers = number("SGMN_EMULATOR_DEFER", 0) != 0;
  return defers;
}
const std::string &failing_kernel() {
  static const std::string name = getenv("SGMN_EMULATOR_FAIL") ? getenv("SGMN_EMULATOR_FAIL") : "";
  return name;
}

std::vector<std::unique_ptr<Device>> &devices() {
  static std::vector<std::unique_ptr<Device>> all;
  return all;
}

static Device *find_device(CUdevice device) {
  if (device < 0 || static_cast<size_t>(device) >= devices().size()) return nullptr;
  return devices()[static_cast<size_t>(device)].get();
}

CUcontext current_context() { return current; }

CUresult check_context() {
  if (!initialized) return CUDA_ERROR_NOT_INITIALIZED;
  if (!current || current->users == 0) return CUDA_ERROR_INVALID_CONTEXT;
  return current->failure;
}

// The ordinals that CUDA_VISIBLE_DEVICES leaves: up to the first that is no device.
static std::vector<int> visible_devices() {
  int count = static_cast<int>(number("SGMN_EMULATOR_DEVICES", 1));
  std::vector<int> ordinals;
  const char *text = getenv("CUDA_VISIBLE_DEVICES");
  if (!text) {
    for (int i = 0; i < count; i++) ordinals.push_back(i);
    return ordinals;
  }
  while (*text) {
    char *end;
    long ordinal = strtol(text, &end, 10);
    if (end == text || ordinal < 0 || ordinal >= count) break;
    ordinals.push_back(static_cast<int>(ordinal));
    text = *end == ',' ? end + 1 : end;
  }
  return ordinals;
}
static std::vector<int> physical;  // of each device that is seen

}  // namespace emulator

CUresult cuInit(unsigned flags) {
  Lock lock(tables);
  if (flags) return CUDA_ERROR_INVALID_VALUE;
  if (initialized) return CUDA_SUCCESS;
  physical = visible_devices();
  if (physical.empty()) return CUDA_ERROR_NO_DEVICE;
  for (size_t i = 0; i < physical.size(); i++) {
    auto device = std::make_unique<Device>();
    device->total = number("SGMN_EMULATOR_MEMORY", 4ull << 30);
    device->context.device = static_cast<int>(i);
    device->context.legacy.context = &device->context;
    device->context.legacy.blocking = true;
    devices().push_back(std::move(device));
  }
  initialized = true;
  return CUDA_SUCCESS;
}

CUresult cuDriverGetVersion(int *version) {
  if (!version) return CUDA_ERROR_INVALID_VALUE;
  *version = 13000;
  return CUDA_SUCCESS;
}

static const struct {
  CUresult code;
  const char *name, *text;
} errors[] = {
  {CUDA_SUCCESS, "CUDA_SUCCESS", "no error"},
  {CUDA_ERROR_INVALID_VALUE, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
  {CUDA_ERROR_OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
  {CUDA_ERROR_NOT_INITIALIZED, "CUDA_ERROR_NOT_INITIALIZED", "initialization error"},
  {CUDA_ERROR_NO_DEVICE, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
  {CUDA_ERROR_INVALID_DEVICE, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
  {CUDA_ERROR_INVALID_IMAGE, "CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid"},
  {CUDA_ERROR_INVALID_CONTEXT, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
  {CUDA_ERROR_NO_BINARY_FOR_GPU, "CUDA_ERROR_NO_BINARY_FOR_GPU", "no kernel image is available for the device"},
  {CUDA_ERROR_INVALID_HANDLE, "CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"},
  {CUDA_ERROR_NOT_FOUND, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
  {CUDA_ERROR_NOT_READY, "CUDA_ERROR_NOT_READY", "device not ready"},
  {CUDA_ERROR_ILLEGAL_ADDRESS, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"},
  {CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED, "CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED",
   "memory is already page-locked"},
  {CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED, "CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED", "memory is not page-locked"},
  {CUDA_ERROR_NOT_SUPPORTED, "CUDA_ERROR_NOT_SUPPORTED", "operation not supported"},
  {CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED",
   "operation not permitted when stream is capturing"},
  {CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED",
   "operation failed due to a previous error during capture"},
  {CUDA_ERROR_STREAM_CAPTURE_MERGE, "CUDA_ERROR_STREAM_CAPTURE_MERGE",
   "operation would result in a merge of separate capture sequences"},
  {CUDA_ERROR_STREAM_CAPTURE_UNMATCHED, "CUDA_ERROR_STREAM_CAPTURE_UNMATCHED",
   "capture was not ended in the same stream as it began"},
  {CUDA_ERROR_STREAM_CAPTURE_UNJOINED, "CUDA_ERROR_STREAM_CAPTURE_UNJOINED",
   "capturing stream has unjoined work"},
  {CUDA_ERROR_STREAM_CAPTURE_ISOLATION, "CUDA_ERROR_STREAM_CAPTURE_ISOLATION",
   "dependency created on uncaptured work in another stream"},
  {CUDA_ERROR_STREAM_CAPTURE_IMPLICIT, "CUDA_ERROR_STREAM_CAPTURE_IMPLICIT",
   "operation would make the legacy stream depend on a capturing blocking stream"},
  {CUDA_ERROR_CAPTURED_EVENT, "CUDA_ERROR_CAPTURED_EVENT",
   "operation not permitted on an event last recorded in a capturing stream"},
  {CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD, "CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD",
   "attempt to terminate a thread-local capture sequence from another thread"},
  {CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE, "CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE",
   "the graph update was not performed because it included changes which violated constraints"},
  {CUDA_ERROR_UNKNOWN, "CUDA_ERROR_UNKNOWN", "unknown error"},
};

CUresult cuGetErrorName(CUresult error, const char **text) {
  for (const auto &known : errors)
    if (known.code == error) return *text = known.name, CUDA_SUCCESS;
  return *text = nullptr, CUDA_ERROR_INVALID_VALUE;
}
CUresult cuGetErrorString(CUresult error, const char **text) {
  for (const auto &known : errors)
    if (known.code == error) return *text = known.text, CUDA_SUCCESS;
  return *text = nullptr, CUDA_ERROR_INVALID_VALUE;
}

// The newest version of a function, as the real one gives it for the newest `version`.
CUresult cuGetProcAddress_v2(const char *symbol, void **function, int, uint64_t, int *status) {
  Dl_info self;
  *function = nullptr;
  if (dladdr(reinterpret_cast<void *>(cuInit), &self)) {
    void *library = dlopen(self.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
    for (const char *version : {"_v3", "_v2", ""}) {
      if (!*function) *function = dlsym(library, (std::string(symbol) + version).c_str());
    }
    if (library) dlclose(library);
  }
  if (status) *status = *function ? 0 : 1;
  return *function ? CUDA_SUCCESS : CUDA_ERROR_NOT_FOUND;
}

// Functions without a name that NVIDIA's libraries share: there are none. The real NVRTC asks for some, to keep what it
// has compiled.
CUresult cuGetExportTable(const void **table, const CUuuid *) {
  *table = nullptr;
  return CUDA_ERROR_NOT_FOUND;
}

CUresult cuDeviceGetCount(int *count) {
  Lock lock(tables);
  if (!initialized) return CUDA_ERROR_NOT_INITIALIZED;
  *count = static_cast<int>(devices().size());
  return CUDA_SUCCESS;
}
CUresult cuDeviceGet(CUdevice *device, int ordinal) {
  Lock lock(tables);
  if (!initialized) return CUDA_ERROR_NOT_INITIALIZED;
  if (!find_device(ordinal)) return CUDA_ERROR_INVALID_DEVICE;
  *device = ordinal;
  return CUDA_SUCCESS;
}
CUresult cuDeviceGetName(char *name, int length, CUdevice device) {
  Lock lock(tables);
  if (!find_device(device)) return CUDA_ERROR_INVALID_DEVICE;
  snprintf(name, static_cast<size_t>(length), "Emulated GPU");
  return CUDA_SUCCESS;
}
CUresult cuDeviceGetPCIBusId(char *text, int length, CUdevice device) {
  Lock lock(tables);
  if (!find_device(device)) return CUDA_ERROR_INVALID_DEVICE;
  snprintf(text, static_cast<size_t>(length), "0000:%02x:00.0", 1 + physical[static_cast<size_t>(device)]);
  return CUDA_SUCCESS;
}
CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice device) {
  Lock lock(tables);
  Device *found = find_device(device);
  if (!found) return CUDA_ERROR_INVALID_DEVICE;
  *bytes = found->total;
  return CUDA_SUCCESS;
}

// One for each card of a host: processes that see the same card see the same.
CUresult cuDeviceGetUuid_v2(CUuuid *uuid, CUdevice device) {
  Lock lock(tables);
  if (!find_device(device)) return CUDA_ERROR_INVALID_DEVICE;
  char card[300] = {};
  gethostname(card, 256);
  snprintf(card + strlen(card), 40, "/%d", physical[static_cast<size_t>(device)]);
  uint64_t hash = 14695981039346656037u;
  for (int i = 0; i < 16; i++) {
    for (const char *p = card; *p; p++) hash = (hash ^ static_cast<unsigned char>(*p)) * 1099511628211u;
    uuid->bytes[i] = static_cast<unsigned char>(hash >> 32);
  }
  return CUDA_SUCCESS;
}

// Those of an H100 that a program may ask for.
CUresult cuDeviceGetAttribute(int *value, int attribute, CUdevice device) {
  Lock lock(tables);
  if (!find_device(device)) return CUDA_ERROR_INVALID_DEVICE;
  static const std::map<int, int> attributes = {
    {1, 1024}, {2, 1024}, {3, 1024}, {4, 64},  // threads of a block, and along x, y, z
    {5, 0x7fffffff}, {6, 65535}, {7, 65535},   // blocks along x, y, z
    {8, 48 * 1024},                            // shared memory of a block without asking
    {10, 32},                                  // warp
    {12, 65536},                               // registers of a block
    {13, 1980000},                             // clock, kHz
    {15, 1}, {16, 132}, {18, 0}, {19, 1}, {20, 0}, {31, 1},
    {34, 0}, {36, 2619000}, {37, 5120},        // memory clock, kHz, and bus, bits
    {38, 50 << 20},                            // second-level cache
    {39, 2048},                                // threads of a multiprocessor
    {40, 3}, {41, 1}, {50, 0}, {75, 9}, {76, 0},
    {81, 228 * 1024}, {82, 65536}, {89, 1},
    {97, shared_limit},
    {102, 1},                                  // virtual memory management
    {106, 32}, {108, 0}, {111, 1024}, {115, 0},
  };
  if (attribute == 33) return *value = 1 + physical[static_cast<size_t>(device)], CUDA_SUCCESS;
  auto found = attributes.find(attribute);
  if (found == attributes.end()) return CUDA_ERROR_INVALID_VALUE;
  *value = found->second;
  return CUDA_SUCCESS;
}

CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device) {
  Lock lock(tables);
  if (!initialized) return CUDA_ERROR_NOT_INITIALIZED;
  Device *found = find_device(device);
  if (!found) return CUDA_ERROR_INVALID_DEVICE;
  found->context.users++;
  *context = &found->context;
  return CUDA_SUCCESS;
}
// How threads wait for the device: they all do alike here.
CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device) {
  Lock lock(tables);
  Device *found = find_device(device);
  if (!found) return CUDA_ERROR_INVALID_DEVICE;
  if (found->context.users == 0) return CUDA_ERROR_INVALID_CONTEXT;
  found->context.users--;
  return CUDA_SUCCESS;
}
// Flags say how a thread waits; who waits for emulated work does that work itself.
CUresult cuDevicePrimaryCtxSetFlags_v2(CUdevice device, unsigned) {
  Lock lock(tables);
  if (!initialized) return CUDA_ERROR_NOT_INITIALIZED;
  return find_device(device) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_DEVICE;
}
CUresult cuDevicePrimaryCtxGetState(CUdevice device, unsigned *flags, int *active) {
  Lock lock(tables);
  Device *found = find_device(device);
  if (!found) return CUDA_ERROR_INVALID_DEVICE;
  *flags = 0;
  *active = found->context.users > 0;
  return CUDA_SUCCESS;
}

CUresult cuCtxSetCurrent(CUcontext context) {
  Lock lock(tables);
  if (!initialized) return CUDA_ERROR_NOT_INITIALIZED;
  if (context && context->users == 0) return CUDA_ERROR_INVALID_CONTEXT;
  current = context;
  return CUDA_SUCCESS;
}
CUresult cuCtxGetCurrent(CUcontext *context) {
  if (!initialized) return CUDA_ERROR_NOT_INITIALIZED;
  *context = current;
  return CUDA_SUCCESS;
}
CUresult cuCtxGetDevice(CUdevice *device) {
  if (CUresult error = check_context()) return error;
  *device = current->device;
  return CUDA_SUCCESS;
}
CUresult cuCtxSynchronize() {
  if (CUresult error = check_context()) return error;
  if (CUresult error = check_capture()) return error;
  run_all(current);
  return current->failure;
}
CUresult cuCtxGetStreamPriorityRange(int *least, int *greatest) {
  if (CUresult error = check_context()) return error;
  *least = 0;
  *greatest = -5;
  return CUDA_SUCCESS;
}
