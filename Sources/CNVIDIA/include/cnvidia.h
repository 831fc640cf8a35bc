// The NVIDIA libraries by function pointers, with our own prototypes: nothing of NVIDIA's is needed to build. A table is
// filled from a library that was opened by dlopen; scripts/check-nvidia-headers compares every prototype with NVIDIA's.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The driver: libcuda.so.1 (https://docs.nvidia.com/cuda/cuda-driver-api/). Symbols with a newer version are taken by it.

// Where NVIDIA's own header comes first, its types stand in: so the prototypes are compared.
#ifndef __cuda_cuda_h__
// 0 is success.
typedef int CUresult;
typedef int CUdevice;
typedef uint64_t CUdeviceptr;
typedef struct CUctx_st *CUcontext;
typedef struct CUmod_st *CUmodule;
typedef struct CUfunc_st *CUfunction;
typedef struct CUstream_st *CUstream;
typedef struct CUevent_st *CUevent;
typedef struct CUgraph_st *CUgraph;
typedef struct CUgraphExec_st *CUgraphExec;
typedef struct CUgraphNode_st *CUgraphNode;
typedef uint64_t CUmemGenericAllocationHandle;
typedef int CUdevice_attribute;
typedef int CUfunction_attribute;
typedef int CUstreamCaptureMode;
typedef int CUmemAllocationGranularity_flags;

typedef struct {
  char bytes[16];
} CUuuid;

typedef struct {
  int type;
  int id;
} CUmemLocation;

typedef struct {
  int type;
  int requestedHandleTypes;
  CUmemLocation location;
  void *win32HandleMetaData;
  struct {
    unsigned char compressionType;
    unsigned char gpuDirectRDMACapable;
    unsigned short usage;
    unsigned char reserved[4];
  } allocFlags;
} CUmemAllocationProp;

typedef struct {
  CUmemLocation location;
  int flags;
} CUmemAccessDesc;

typedef struct {
  int result;
  CUgraphNode errorNode;
  CUgraphNode errorFromNode;
} CUgraphExecUpdateResultInfo;
#endif

enum {
  nvidia_out_of_memory = 2,
  nvidia_function_not_found = 500,
  nvidia_not_ready = 600,

  nvidia_multiprocessor_count = 16,
  nvidia_compute_capability_major = 75,
  nvidia_compute_capability_minor = 76,
  nvidia_virtual_memory_supported = 102,

  nvidia_function_dynamic_shared = 8,
  nvidia_function_shared_share = 9,

  nvidia_context_blocking = 4,
  nvidia_stream_non_blocking = 1,
  nvidia_event_blocking = 1,
  nvidia_event_no_timing = 2,
  nvidia_host_portable = 1,

  nvidia_memory_pinned = 1,
  nvidia_location_device = 1,
  nvidia_access_read_write = 3,
  nvidia_granularity_recommended = 1,
  nvidia_capture_thread_local = 1,
};

typedef struct {
  CUresult (*init)(unsigned flags);
  CUresult (*driver_version)(int *version);
  CUresult (*error_name)(CUresult error, const char **text);
  CUresult (*error_string)(CUresult error, const char **text);

  CUresult (*device_count)(int *count);
  CUresult (*device_get)(CUdevice *device, int ordinal);
  CUresult (*device_name)(char *name, int byteCount, CUdevice device);
  CUresult (*device_memory)(size_t *byteCount, CUdevice device);
  CUresult (*device_attribute)(int *value, CUdevice_attribute attribute, CUdevice device);
  CUresult (*device_uuid)(CUuuid *uuid, CUdevice device);

  CUresult (*context_flags)(CUdevice device, unsigned flags);
  CUresult (*context_retain)(CUcontext *context, CUdevice device);
  CUresult (*context_release)(CUdevice device);
  CUresult (*context_set_current)(CUcontext context);
  CUresult (*stream_priorities)(int *least, int *greatest);

  CUresult (*module_load)(CUmodule *module, const void *image);
  CUresult (*module_unload)(CUmodule module);
  CUresult (*module_function)(CUfunction *function, CUmodule module, const char *name);
  CUresult (*function_set_attribute)(CUfunction function, CUfunction_attribute attribute, int value);
  CUresult (*launch)(
    CUfunction function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX, unsigned blockY,
    unsigned blockZ, unsigned sharedByteCount, CUstream stream, void **parameters, void **extra);

  CUresult (*stream_create)(CUstream *stream, unsigned flags, int priority);
  CUresult (*stream_destroy)(CUstream stream);
  CUresult (*stream_synchronize)(CUstream stream);
  CUresult (*stream_wait)(CUstream stream, CUevent event, unsigned flags);
  CUresult (*event_create)(CUevent *event, unsigned flags);
  CUresult (*event_destroy)(CUevent event);
  CUresult (*event_record)(CUevent event, CUstream stream);
  CUresult (*event_synchronize)(CUevent event);
  CUresult (*event_query)(CUevent event);
  CUresult (*event_elapsed)(float *milliseconds, CUevent start, CUevent end);

  CUresult (*memory_info)(size_t *freeByteCount, size_t *totalByteCount);
  CUresult (*memory_allocate)(CUdeviceptr *pointer, size_t byteCount);
  CUresult (*memory_free)(CUdeviceptr pointer);
  CUresult (*host_allocate)(void **pointer, size_t byteCount, unsigned flags);
  CUresult (*host_free)(void *pointer);
  CUresult (*copy_to_device)(CUdeviceptr device, const void *host, size_t byteCount, CUstream stream);
  CUresult (*copy_to_host)(void *host, CUdeviceptr device, size_t byteCount, CUstream stream);
  CUresult (*copy_on_device)(CUdeviceptr target, CUdeviceptr source, size_t byteCount, CUstream stream);
  CUresult (*set_bytes)(CUdeviceptr device, unsigned char value, size_t byteCount, CUstream stream);

  // NULL in a driver without virtual memory: `nvidia_has_virtual_memory`.
  CUresult (*address_reserve)(
    CUdeviceptr *start, size_t byteCount, size_t alignment, CUdeviceptr wanted, unsigned long long flags);
  CUresult (*address_free)(CUdeviceptr start, size_t byteCount);
  CUresult (*memory_create)(
    CUmemGenericAllocationHandle *memory, size_t byteCount, const CUmemAllocationProp *properties,
    unsigned long long flags);
  CUresult (*memory_release)(CUmemGenericAllocationHandle memory);
  CUresult (*memory_map)(
    CUdeviceptr start, size_t byteCount, size_t offset, CUmemGenericAllocationHandle memory, unsigned long long flags);
  CUresult (*memory_unmap)(CUdeviceptr start, size_t byteCount);
  CUresult (*memory_set_access)(
    CUdeviceptr start, size_t byteCount, const CUmemAccessDesc *descriptions, size_t count);
  CUresult (*memory_granularity)(
    size_t *byteCount, const CUmemAllocationProp *properties, CUmemAllocationGranularity_flags option);

  // NULL in a driver without graphs: `nvidia_has_graphs`.
  CUresult (*capture_begin)(CUstream stream, CUstreamCaptureMode mode);
  CUresult (*capture_end)(CUstream stream, CUgraph *graph);
  CUresult (*graph_instantiate)(CUgraphExec *executable, CUgraph graph, unsigned long long flags);
  CUresult (*graph_update)(CUgraphExec executable, CUgraph graph, CUgraphExecUpdateResultInfo *info);
  CUresult (*graph_launch)(CUgraphExec executable, CUstream stream);
  CUresult (*graph_destroy)(CUgraph graph);
  CUresult (*graph_exec_destroy)(CUgraphExec executable);
} nvidia_driver;

// Fills `table` from an open library. Returns NULL, or the name of the first symbol that is missing.
const char *nvidia_fill_driver(void *library, nvidia_driver *table);

bool nvidia_has_virtual_memory(const nvidia_driver *table);
bool nvidia_has_graphs(const nvidia_driver *table);

// Makes a context current in the calling thread; costs nothing where it is already.
CUresult nvidia_make_current(const nvidia_driver *table, CUcontext context);

// After a context has come or gone: another may be where one was, and every thread asks the driver again.
void nvidia_forget_current(void);
