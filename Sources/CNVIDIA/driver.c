#include "cnvidia.h"
#include "symbols.h"

#include <stdatomic.h>

static void take_virtual_memory(void *library, nvidia_driver *table) {
  TAKE_IF_THERE(table, address_reserve, "cuMemAddressReserve");
  TAKE_IF_THERE(table, address_free, "cuMemAddressFree");
  TAKE_IF_THERE(table, memory_create, "cuMemCreate");
  TAKE_IF_THERE(table, memory_release, "cuMemRelease");
  TAKE_IF_THERE(table, memory_map, "cuMemMap");
  TAKE_IF_THERE(table, memory_unmap, "cuMemUnmap");
  TAKE_IF_THERE(table, memory_set_access, "cuMemSetAccess");
  TAKE_IF_THERE(table, memory_granularity, "cuMemGetAllocationGranularity");
}

static void take_graphs(void *library, nvidia_driver *table) {
  TAKE_IF_THERE(table, capture_begin, "cuStreamBeginCapture_v2");
  TAKE_IF_THERE(table, capture_end, "cuStreamEndCapture");
  TAKE_IF_THERE(table, graph_instantiate, "cuGraphInstantiateWithFlags");
  TAKE_IF_THERE(table, graph_update, "cuGraphExecUpdate_v2");
  TAKE_IF_THERE(table, graph_launch, "cuGraphLaunch");
  TAKE_IF_THERE(table, graph_destroy, "cuGraphDestroy");
  TAKE_IF_THERE(table, graph_exec_destroy, "cuGraphExecDestroy");
}

const char *nvidia_fill_driver(void *library, nvidia_driver *table) {
  TAKE(table, init, "cuInit");
  TAKE(table, driver_version, "cuDriverGetVersion");
  TAKE(table, error_name, "cuGetErrorName");
  TAKE(table, error_string, "cuGetErrorString");

  TAKE(table, device_count, "cuDeviceGetCount");
  TAKE(table, device_get, "cuDeviceGet");
  TAKE(table, device_name, "cuDeviceGetName");
  TAKE(table, device_memory, "cuDeviceTotalMem_v2");
  TAKE(table, device_attribute, "cuDeviceGetAttribute");
  TAKE(table, device_uuid, "cuDeviceGetUuid_v2");

  TAKE(table, context_flags, "cuDevicePrimaryCtxSetFlags_v2");
  TAKE(table, context_retain, "cuDevicePrimaryCtxRetain");
  TAKE(table, context_release, "cuDevicePrimaryCtxRelease_v2");
  TAKE(table, context_set_current, "cuCtxSetCurrent");
  TAKE(table, stream_priorities, "cuCtxGetStreamPriorityRange");

  TAKE(table, module_load, "cuModuleLoadData");
  TAKE(table, module_unload, "cuModuleUnload");
  TAKE(table, module_function, "cuModuleGetFunction");
  TAKE(table, function_set_attribute, "cuFuncSetAttribute");
  TAKE(table, launch, "cuLaunchKernel");

  TAKE(table, stream_create, "cuStreamCreateWithPriority");
  TAKE(table, stream_destroy, "cuStreamDestroy_v2");
  TAKE(table, stream_synchronize, "cuStreamSynchronize");
  TAKE(table, stream_wait, "cuStreamWaitEvent");
  TAKE(table, event_create, "cuEventCreate");
  TAKE(table, event_destroy, "cuEventDestroy_v2");
  TAKE(table, event_record, "cuEventRecord");
  TAKE(table, event_synchronize, "cuEventSynchronize");
  TAKE(table, event_query, "cuEventQuery");
  TAKE(table, event_elapsed, "cuEventElapsedTime");

  TAKE(table, memory_info, "cuMemGetInfo_v2");
  TAKE(table, memory_allocate, "cuMemAlloc_v2");
  TAKE(table, memory_free, "cuMemFree_v2");
  TAKE(table, host_allocate, "cuMemHostAlloc");
  TAKE(table, host_free, "cuMemFreeHost");
  TAKE(table, copy_to_device, "cuMemcpyHtoDAsync_v2");
  TAKE(table, copy_to_host, "cuMemcpyDtoHAsync_v2");
  TAKE(table, copy_on_device, "cuMemcpyDtoDAsync_v2");
  TAKE(table, set_bytes, "cuMemsetD8Async");

  take_virtual_memory(library, table);
  take_graphs(library, table);
  return NULL;
}

bool nvidia_has_virtual_memory(const nvidia_driver *table) {
  return table->address_reserve && table->address_free && table->memory_create && table->memory_release &&
         table->memory_map && table->memory_unmap && table->memory_set_access && table->memory_granularity;
}

bool nvidia_has_graphs(const nvidia_driver *table) {
  return table->capture_begin && table->capture_end && table->graph_instantiate && table->graph_update &&
         table->graph_launch && table->graph_destroy && table->graph_exec_destroy;
}

// What this thread made current last, and when: asking the driver costs more than most of our calls.
static _Thread_local CUcontext current_context;
static _Thread_local unsigned current_generation;
static atomic_uint generation;

CUresult nvidia_make_current(const nvidia_driver *table, CUcontext context) {
  unsigned now = atomic_load_explicit(&generation, memory_order_relaxed);
  if (current_context == context && current_generation == now) return 0;
  CUresult result = table->context_set_current(context);
  if (result == 0) {
    current_context = context;
    current_generation = now;
  }
  return result;
}

void nvidia_forget_current(void) { atomic_fetch_add_explicit(&generation, 1, memory_order_relaxed); }
