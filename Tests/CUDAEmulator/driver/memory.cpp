// Device memory, pinned host memory, virtual addresses, copies and fills.
//
// Device memory is the process's own: a pointer works in a kernel as it is. What was never written reads as 0xff bytes,
// a NaN in every format; each allocation ends at a page that faults.
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "emulator.h"
#include "state.h"

using namespace emulator;

namespace {

constexpr size_t granularity = 2 << 20;
constexpr unsigned char poison = 0xff;

struct Allocation {
  unsigned char *memory;  // with the page behind it
  size_t mapped, bytes, counted;
  int device;
};
std::map<uintptr_t, Allocation> allocations;  // by where they begin
std::map<uintptr_t, Allocation> pinned;

struct Physical {
  size_t size;
  int device;
  bool released = false;
  bool mapped = false;
};
struct Mapping {
  size_t size;
  Physical *physical;
  bool accessible = false;
};
std::map<uintptr_t, size_t> reservations;
std::map<uintptr_t, Mapping> mappings;
std::set<Physical *> physicals;

size_t page_size() {
  static const size_t size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return size;
}
size_t round_up(size_t x, size_t to) { return (x + to - 1) / to * to; }

// A file of nothing but poison. Mapped privately, a page takes memory only when it is written.
int poison_file() {
  static const int file = [] {
    int file = memfd_create("poison", MFD_CLOEXEC);
    std::vector<unsigned char> bytes(granularity, poison);
    if (file < 0 || write(file, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
      fail("no memory for device memory");
    return file;
  }();
  return file;
}
bool map_poison(unsigned char *at, size_t bytes, int protection) {
  for (size_t done = 0; done < bytes; done += granularity) {
    size_t size = bytes - done < granularity ? bytes - done : granularity;
    if (mmap(at + done, size, protection, MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, poison_file(), 0) == MAP_FAILED)
      return false;
  }
  return true;
}

// Memory whose last byte lies just before a page that faults, its first at a multiple of `alignment`.
bool make(size_t bytes, size_t alignment, Allocation &allocation, uintptr_t &begin) {
  size_t body = round_up(round_up(bytes, alignment), page_size());
  void *memory = mmap(nullptr, body + page_size(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return false;
  allocation.memory = static_cast<unsigned char *>(memory);
  allocation.mapped = body + page_size();
  allocation.bytes = bytes;
  if (!map_poison(allocation.memory, body, PROT_READ | PROT_WRITE)) {
    munmap(memory, allocation.mapped);
    return false;
  }
  begin = reinterpret_cast<uintptr_t>(memory) + body - round_up(bytes, alignment);
  return true;
}

bool contains(const std::map<uintptr_t, Allocation> &ranges, uintptr_t begin, size_t bytes) {
  auto next = ranges.upper_bound(begin);
  if (next == ranges.begin()) return false;
  auto found = std::prev(next);
  return begin + bytes <= found->first + found->second.bytes;
}

void drop_if_unused(Physical *physical) {
  if (!physical->released || physical->mapped) return;
  devices()[static_cast<size_t>(physical->device)]->used -= physical->size;
  physicals.erase(physical);
  delete physical;
}

bool is_valid(const CUmemAllocationProp *property) {
  return property && property->type == 1 && property->location.type == 1 && property->location.id >= 0 &&
         static_cast<size_t>(property->location.id) < devices().size();
}

}  // namespace

bool emulator::is_device_memory(CUdeviceptr pointer, size_t bytes) {
  Lock lock(tables);
  if (contains(allocations, pointer, bytes)) return true;
  uintptr_t at = pointer, end = pointer + bytes;
  do {
    auto next = mappings.upper_bound(at);
    if (next == mappings.begin()) return false;
    auto found = std::prev(next);
    if (at >= found->first + found->second.size || !found->second.accessible) return false;
    at = found->first + found->second.size;
  } while (at < end);
  return true;
}
bool emulator::is_pinned(const void *pointer, size_t bytes) {
  Lock lock(tables);
  return contains(pinned, reinterpret_cast<uintptr_t>(pointer), bytes);
}
int sgmnEmulatorCanReach(const void *pointer, size_t bytes) {
  return is_device_memory(reinterpret_cast<CUdeviceptr>(pointer), bytes) || is_pinned(pointer, bytes);
}

CUresult cuMemGetInfo_v2(size_t *free, size_t *total) {
  if (CUresult error = check_context()) return error;
  Lock lock(tables);
  const Device &device = *devices()[static_cast<size_t>(current_context()->device)];
  *free = device.total - device.used;
  *total = device.total;
  return CUDA_SUCCESS;
}

CUresult cuMemAlloc_v2(CUdeviceptr *pointer, size_t bytes) {
  if (CUresult error = check_context()) return error;
  if (CUresult error = check_capture()) return error;
  Lock lock(tables);
  if (bytes == 0 || !pointer) return CUDA_ERROR_INVALID_VALUE;
  Device &device = *devices()[static_cast<size_t>(current_context()->device)];
  Allocation allocation;
  allocation.device = current_context()->device;
  allocation.counted = round_up(bytes, 512);
  uintptr_t begin;
  if (allocation.counted > device.total - device.used || !make(bytes, 256, allocation, begin))
    return CUDA_ERROR_OUT_OF_MEMORY;
  device.used += allocation.counted;
  allocations[begin] = allocation;
  *pointer = begin;
  return CUDA_SUCCESS;
}
CUresult cuMemFree_v2(CUdeviceptr pointer) {
  if (pointer == 0) return CUDA_SUCCESS;
  CUresult error = check_context();
  if (error == CUDA_ERROR_NOT_INITIALIZED || error == CUDA_ERROR_INVALID_CONTEXT) return error;
  if (CUresult error = check_capture()) return error;
  run_all(current_context());  // it waits for the device
  Lock lock(tables);
  auto found = allocations.find(pointer);
  if (found == allocations.end()) return CUDA_ERROR_INVALID_VALUE;
  munmap(found->second.memory, found->second.mapped);
  devices()[static_cast<size_t>(found->second.device)]->used -= found->second.counted;
  allocations.erase(found);
  return error;
}

CUresult cuMemHostAlloc(void **pointer, size_t bytes, unsigned flags) {
  if (CUresult error = check_context()) return error;
  if (CUresult error = check_capture()) return error;
  Lock lock(tables);
  if (bytes == 0 || flags > 7) return CUDA_ERROR_INVALID_VALUE;
  Allocation allocation;
  uintptr_t begin;
  if (!make(bytes, 4096, allocation, begin)) return CUDA_ERROR_OUT_OF_MEMORY;
  pinned[begin] = allocation;
  *pointer = reinterpret_cast<void *>(begin);
  return CUDA_SUCCESS;
}
CUresult cuMemAllocHost_v2(void **pointer, size_t bytes) { return cuMemHostAlloc(pointer, bytes, 0); }
CUresult cuMemFreeHost(void *pointer) {
  CUresult error = check_context();
  if (error == CUDA_ERROR_NOT_INITIALIZED || error == CUDA_ERROR_INVALID_CONTEXT) return error;
  if (CUresult error = check_capture()) return error;
  run_all(current_context());
  Lock lock(tables);
  auto found = pinned.find(reinterpret_cast<uintptr_t>(pointer));
  if (found == pinned.end() || !found->second.memory) return CUDA_ERROR_INVALID_VALUE;
  munmap(found->second.memory, found->second.mapped);
  pinned.erase(found);
  return error;
}
CUresult cuMemHostRegister_v2(void *pointer, size_t bytes, unsigned) {
  if (CUresult error = check_context()) return error;
  if (CUresult error = check_capture()) return error;
  Lock lock(tables);
  if (!pointer || bytes == 0) return CUDA_ERROR_INVALID_VALUE;
  if (contains(pinned, reinterpret_cast<uintptr_t>(pointer), 1)) return CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED;
  Allocation allocation = {nullptr, 0, bytes, 0, 0};
  pinned[reinterpret_cast<uintptr_t>(pointer)] = allocation;
  return CUDA_SUCCESS;
}
CUresult cuMemHostUnregister(void *pointer) {
  CUresult error = check_context();
  if (error == CUDA_ERROR_NOT_INITIALIZED || error == CUDA_ERROR_INVALID_CONTEXT) return error;
  run_all(current_context());
  Lock lock(tables);
  auto found = pinned.find(reinterpret_cast<uintptr_t>(pointer));
  if (found == pinned.end() || found->second.memory) return CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED;
  pinned.erase(found);
  return error;
}

// Virtual addresses. A physical allocation is mapped at one place at a time and is poison wherever it is mapped anew:
// keeping its bytes over an unmapping is the one promise of a GPU that is not kept.

CUresult cuMemGetAllocationGranularity(size_t *bytes, const CUmemAllocationProp *property, int) {
  Lock lock(tables);
  if (!is_valid(property)) return CUDA_ERROR_INVALID_VALUE;
  *bytes = granularity;
  return CUDA_SUCCESS;
}

CUresult cuMemAddressReserve(CUdeviceptr *pointer, size_t size, size_t alignment, CUdeviceptr, unsigned long long flags) {
  if (CUresult error = check_context()) return error;
  Lock lock(tables);
  if (size == 0 || size % granularity || flags || (alignment & (alignment - 1))) return CUDA_ERROR_INVALID_VALUE;
  if (alignment < granularity) alignment = granularity;
  void *memory = mmap(nullptr, size + alignment, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return CUDA_ERROR_OUT_OF_MEMORY;
  uintptr_t whole = reinterpret_cast<uintptr_t>(memory), begin = round_up(whole, alignment);
  if (begin > whole) munmap(memory, begin - whole);
  if (begin < whole + alignment) munmap(reinterpret_cast<void *>(begin + size), whole + alignment - begin);
  reservations[begin] = size;
  *pointer = begin;
  return CUDA_SUCCESS;
}
CUresult cuMemAddressFree(CUdeviceptr pointer, size_t size) {
  Lock lock(tables);
  auto found = reservations.find(pointer);
  if (found == reservations.end() || found->second != size) return CUDA_ERROR_INVALID_VALUE;
  auto mapped = mappings.lower_bound(pointer);
  if (mapped != mappings.end() && mapped->first < pointer + size) return CUDA_ERROR_INVALID_VALUE;
  munmap(reinterpret_cast<void *>(pointer), size);
  reservations.erase(found);
  return CUDA_SUCCESS;
}

CUresult cuMemCreate(CUmemGenericAllocationHandle *handle, size_t size, const CUmemAllocationProp *property,
                     unsigned long long flags) {
  if (CUresult error = check_context()) return error;
  Lock lock(tables);
  if (!is_valid(property) || size == 0 || size % granularity || flags) return CUDA_ERROR_INVALID_VALUE;
  Device &device = *devices()[static_cast<size_t>(property->location.id)];
  if (size > device.total - device.used) return CUDA_ERROR_OUT_OF_MEMORY;
  device.used += size;
  Physical *physical = new Physical{size, property->location.id};
  physicals.insert(physical);
  *handle = reinterpret_cast<uintptr_t>(physical);
  return CUDA_SUCCESS;
}
CUresult cuMemRelease(CUmemGenericAllocationHandle handle) {
  Lock lock(tables);
  Physical *physical = reinterpret_cast<Physical *>(handle);
  if (!physicals.count(physical) || physical->released) return CUDA_ERROR_INVALID_VALUE;
  physical->released = true;
  drop_if_unused(physical);
  return CUDA_SUCCESS;
}

CUresult cuMemMap(CUdeviceptr pointer, size_t size, size_t offset, CUmemGenericAllocationHandle handle,
                  unsigned long long flags) {
  if (CUresult error = check_context()) return error;
  Lock lock(tables);
  Physical *physical = reinterpret_cast<Physical *>(handle);
  if (!physicals.count(physical) || physical->released) return CUDA_ERROR_INVALID_VALUE;
  if (offset || flags || size != physical->size || pointer % granularity) return CUDA_ERROR_INVALID_VALUE;
  auto next = reservations.upper_bound(pointer);
  if (next == reservations.begin()) return CUDA_ERROR_INVALID_VALUE;
  auto reservation = std::prev(next);
  if (pointer + size > reservation->first + reservation->second) return CUDA_ERROR_INVALID_VALUE;
  auto after = mappings.lower_bound(pointer);
  if (after != mappings.end() && after->first < pointer + size) return CUDA_ERROR_INVALID_VALUE;
  if (after != mappings.begin() && std::prev(after)->first + std::prev(after)->second.size > pointer)
    return CUDA_ERROR_INVALID_VALUE;
  if (physical->mapped) return CUDA_ERROR_NOT_SUPPORTED;
  if (!map_poison(reinterpret_cast<unsigned char *>(pointer), size, PROT_NONE)) return CUDA_ERROR_OUT_OF_MEMORY;
  physical->mapped = true;
  mappings[pointer] = {size, physical};
  return CUDA_SUCCESS;
}

// Calls `change` for all mappings of a range that they must fill without gap.
template <class Change>
static CUresult change_mappings(CUdeviceptr pointer, size_t size, Change change) {
  std::vector<uintptr_t> found;
  uintptr_t at = pointer;
  for (auto next = mappings.find(pointer); next != mappings.end() && next->first == at && at < pointer + size; ++next) {
    found.push_back(at);
    at += next->second.size;
  }
  if (at != pointer + size || found.empty()) return CUDA_ERROR_INVALID_VALUE;
  for (uintptr_t begin : found) change(begin);
  return CUDA_SUCCESS;
}

// Does not wait for the device: what still uses the memory faults, as there.
CUresult cuMemUnmap(CUdeviceptr pointer, size_t size) {
  CUresult error = check_context();
  if (error == CUDA_ERROR_NOT_INITIALIZED || error == CUDA_ERROR_INVALID_CONTEXT) return error;
  Lock lock(tables);
  return change_mappings(pointer, size, [](uintptr_t begin) {
    Mapping mapping = mappings[begin];
    mappings.erase(begin);
    mmap(reinterpret_cast<void *>(begin), mapping.size, PROT_NONE,
         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    mapping.physical->mapped = false;
    drop_if_unused(mapping.physical);
  });
}
CUresult cuMemSetAccess(CUdeviceptr pointer, size_t size, const CUmemAccessDesc *access, size_t count) {
  if (CUresult error = check_context()) return error;
  Lock lock(tables);
  if (count != 1 || access->location.type != 1 || (access->flags != 0 && access->flags != 3))
    return CUDA_ERROR_INVALID_VALUE;
  bool accessible = access->flags == 3;
  return change_mappings(pointer, size, [=](uintptr_t begin) {
    Mapping &mapping = mappings[begin];
    mapping.accessible = accessible;
    mprotect(reinterpret_cast<void *>(begin), mapping.size, accessible ? PROT_READ | PROT_WRITE : PROT_NONE);
  });
}

// Copies and fills.

// Of the legacy default stream, which the caller waits for.
static CUresult run_now(Operation operation) {
  if (CUresult error = check_context()) return error;
  if (CUresult error = check_capture()) return error;
  CUcontext context = current_context();
  if (CUresult error = enqueue(&context->legacy, std::move(operation))) return error;
  return context->failure;
}

static void *host(CUdeviceptr pointer) { return reinterpret_cast<void *>(pointer); }
static bool is_reachable(CUdeviceptr pointer, size_t bytes) {
  return is_device_memory(pointer, bytes) || is_pinned(host(pointer), bytes);
}

// Device memory that was there when the work was queued may be unmapped when it runs.
static CUresult check_still_there(CUdeviceptr pointer, size_t bytes, const char *work) {
  if (bytes == 0 || is_reachable(pointer, bytes)) return CUDA_SUCCESS;
  fprintf(stderr, "CUDA emulator: %s of %zu bytes at %p runs after that memory was unmapped\n", work, bytes,
          host(pointer));
  return CUDA_ERROR_ILLEGAL_ADDRESS;
}

// `device` are those of the two addresses that are the device's.
static Operation copy(void *to, const void *from, size_t bytes, std::vector<CUdeviceptr> device) {
  return {OperationKind::copy, [=] {
            for (CUdeviceptr pointer : device)
              if (CUresult error = check_still_there(pointer, bytes, "a copy")) return error;
            memmove(to, from, bytes);
            return static_cast<CUresult>(CUDA_SUCCESS);
          }};
}

CUresult cuMemcpyHtoD_v2(CUdeviceptr to, const void *from, size_t bytes) {
  if (bytes && !is_reachable(to, bytes)) return CUDA_ERROR_INVALID_VALUE;
  return run_now(copy(host(to), from, bytes, {to}));
}
CUresult cuMemcpyDtoH_v2(void *to, CUdeviceptr from, size_t bytes) {
  if (bytes && !is_reachable(from, bytes)) return CUDA_ERROR_INVALID_VALUE;
  return run_now(copy(to, host(from), bytes, {from}));
}
CUresult cuMemcpyDtoD_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes) {
  if (bytes && !(is_reachable(to, bytes) && is_reachable(from, bytes))) return CUDA_ERROR_INVALID_VALUE;
  return run_now(copy(host(to), host(from), bytes, {to, from}));
}

// From pageable memory the driver takes the bytes away before it returns; from pinned memory the stream reads them when
// it gets there.
CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *from, size_t bytes, CUstream handle) {
  if (CUresult error = check_context()) return error;
  CUstream stream = find_stream(handle);
  if (!stream) return CUDA_ERROR_INVALID_HANDLE;
  if (bytes && !is_reachable(to, bytes)) return CUDA_ERROR_INVALID_VALUE;
  if (stream->capture || is_pinned(from, bytes)) return enqueue(stream, copy(host(to), from, bytes, {to}));
  auto begin = static_cast<const unsigned char *>(from);
  auto staged = std::make_shared<std::vector<unsigned char>>(begin, begin + bytes);
  return enqueue(stream, {OperationKind::copy, [=] {
                            if (CUresult error = check_still_there(to, bytes, "a copy")) return error;
                            memcpy(host(to), staged->data(), bytes);
                            return static_cast<CUresult>(CUDA_SUCCESS);
                          }});
}
// To pageable memory the call waits for the copy.
CUresult cuMemcpyDtoHAsync_v2(void *to, CUdeviceptr from, size_t bytes, CUstream handle) {
  if (CUresult error = check_context()) return error;
  CUstream stream = find_stream(handle);
  if (!stream) return CUDA_ERROR_INVALID_HANDLE;
  if (bytes && !is_reachable(from, bytes)) return CUDA_ERROR_INVALID_VALUE;
  CUresult error = enqueue(stream, copy(to, host(from), bytes, {from}));
  if (!error && !stream->capture && !is_pinned(to, bytes)) run_queued(stream, nullptr);
  return error;
}
CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream handle) {
  if (CUresult error = check_context()) return error;
  CUstream stream = find_stream(handle);
  if (!stream) return CUDA_ERROR_INVALID_HANDLE;
  if (bytes && !(is_reachable(to, bytes) && is_reachable(from, bytes))) return CUDA_ERROR_INVALID_VALUE;
  return enqueue(stream, copy(host(to), host(from), bytes, {to, from}));
}
CUresult cuMemcpyAsync(CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream stream) {
  if (bytes && !is_reachable(to, bytes)) return cuMemcpyDtoHAsync_v2(host(to), from, bytes, stream);
  if (bytes && !is_reachable(from, bytes)) return cuMemcpyHtoDAsync_v2(to, host(from), bytes, stream);
  return cuMemcpyDtoDAsync_v2(to, from, bytes, stream);
}

template <class T>
static Operation fill(CUdeviceptr to, T value, size_t count) {
  return {OperationKind::fill, [=] {
            if (CUresult error = check_still_there(to, count * sizeof value, "a fill")) return error;
            T *elements = reinterpret_cast<T *>(to);
            for (size_t i = 0; i < count; i++) elements[i] = value;
            return static_cast<CUresult>(CUDA_SUCCESS);
          }};
}
template <class T>
static CUresult fill_now(CUdeviceptr to, T value, size_t count) {
  if (to % sizeof value || (count && !is_reachable(to, count * sizeof value))) return CUDA_ERROR_INVALID_VALUE;
  return run_now(fill(to, value, count));
}
template <class T>
static CUresult fill_queued(CUdeviceptr to, T value, size_t count, CUstream handle) {
  if (CUresult error = check_context()) return error;
  CUstream stream = find_stream(handle);
  if (!stream) return CUDA_ERROR_INVALID_HANDLE;
  if (to % sizeof value || (count && !is_reachable(to, count * sizeof value))) return CUDA_ERROR_INVALID_VALUE;
  return enqueue(stream, fill(to, value, count));
}
CUresult cuMemsetD8_v2(CUdeviceptr to, unsigned char value, size_t count) { return fill_now(to, value, count); }
CUresult cuMemsetD16_v2(CUdeviceptr to, unsigned short value, size_t count) { return fill_now(to, value, count); }
CUresult cuMemsetD32_v2(CUdeviceptr to, unsigned value, size_t count) { return fill_now(to, value, count); }
CUresult cuMemsetD8Async(CUdeviceptr to, unsigned char value, size_t count, CUstream stream) {
  return fill_queued(to, value, count, stream);
}
CUresult cuMemsetD16Async(CUdeviceptr to, unsigned short value, size_t count, CUstream stream) {
  return fill_queued(to, value, count, stream);
}
CUresult cuMemsetD32Async(CUdeviceptr to, unsigned value, size_t count, CUstream stream) {
  return fill_queued(to, value, count, stream);
}
