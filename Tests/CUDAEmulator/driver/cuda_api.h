// The part of the driver's ABI that is emulated, under the names that libcuda.so.1 exports.
#pragma once
#include <stddef.h>
#include <stdint.h>

#define EMULATED_API extern "C" __attribute__((visibility("default")))

typedef int CUresult;
enum : CUresult {
  CUDA_SUCCESS = 0,
  CUDA_ERROR_INVALID_VALUE = 1,
  CUDA_ERROR_OUT_OF_MEMORY = 2,
  CUDA_ERROR_NOT_INITIALIZED = 3,
  CUDA_ERROR_NO_DEVICE = 100,
  CUDA_ERROR_INVALID_DEVICE = 101,
  CUDA_ERROR_INVALID_IMAGE = 200,
  CUDA_ERROR_INVALID_CONTEXT = 201,
  CUDA_ERROR_NO_BINARY_FOR_GPU = 209,
  CUDA_ERROR_INVALID_HANDLE = 400,
  CUDA_ERROR_NOT_FOUND = 500,
  CUDA_ERROR_NOT_READY = 600,
  CUDA_ERROR_ILLEGAL_ADDRESS = 700,
  CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED = 712,
  CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED = 713,
  CUDA_ERROR_NOT_SUPPORTED = 801,
  CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED = 900,
  CUDA_ERROR_STREAM_CAPTURE_INVALIDATED = 901,
  CUDA_ERROR_STREAM_CAPTURE_MERGE = 902,
  CUDA_ERROR_STREAM_CAPTURE_UNMATCHED = 903,
  CUDA_ERROR_STREAM_CAPTURE_UNJOINED = 904,
  CUDA_ERROR_STREAM_CAPTURE_ISOLATION = 905,
  CUDA_ERROR_STREAM_CAPTURE_IMPLICIT = 906,
  CUDA_ERROR_CAPTURED_EVENT = 907,
  CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD = 908,
  CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE = 910,
  CUDA_ERROR_UNKNOWN = 999,
};

typedef int CUdevice;
typedef uint64_t CUdeviceptr;
typedef uint64_t CUmemGenericAllocationHandle;
typedef struct CUctx_st *CUcontext;
typedef struct CUmod_st *CUmodule;
typedef struct CUfunc_st *CUfunction;
typedef struct CUstream_st *CUstream;
typedef struct CUevent_st *CUevent;
typedef struct CUgraph_st *CUgraph;
typedef struct CUgraphNode_st *CUgraphNode;
typedef struct CUgraphExec_st *CUgraphExec;

struct CUuuid { unsigned char bytes[16]; };
struct CUmemLocation { int type, id; };
struct CUmemAllocationProp {
  int type, requestedHandleTypes;
  CUmemLocation location;
  void *win32HandleMetaData;
  struct {
    unsigned char compressionType, gpuDirectRDMACapable;
    unsigned short usage;
    unsigned char reserved[4];
  } allocFlags;
};
struct CUmemAccessDesc {
  CUmemLocation location;
  int flags;
};
struct CUgraphExecUpdateResultInfo {
  int result;
  CUgraphNode errorNode, errorFromNode;
};

EMULATED_API CUresult cuInit(unsigned flags);
EMULATED_API CUresult cuDriverGetVersion(int *version);
EMULATED_API CUresult cuGetErrorName(CUresult error, const char **text);
EMULATED_API CUresult cuGetErrorString(CUresult error, const char **text);
EMULATED_API CUresult cuGetExportTable(const void **table, const CUuuid *id);
EMULATED_API CUresult cuGetProcAddress_v2(const char *symbol, void **function, int version, uint64_t flags, int *status);

EMULATED_API CUresult cuDeviceGet(CUdevice *device, int ordinal);
EMULATED_API CUresult cuDeviceGetCount(int *count);
EMULATED_API CUresult cuDeviceGetName(char *name, int length, CUdevice device);
EMULATED_API CUresult cuDeviceGetAttribute(int *value, int attribute, CUdevice device);
EMULATED_API CUresult cuDeviceGetUuid_v2(CUuuid *uuid, CUdevice device);
EMULATED_API CUresult cuDeviceGetPCIBusId(char *text, int length, CUdevice device);
EMULATED_API CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice device);
EMULATED_API CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device);
EMULATED_API CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device);
EMULATED_API CUresult cuDevicePrimaryCtxSetFlags_v2(CUdevice device, unsigned flags);
EMULATED_API CUresult cuDevicePrimaryCtxGetState(CUdevice device, unsigned *flags, int *active);
EMULATED_API CUresult cuCtxSetCurrent(CUcontext context);
EMULATED_API CUresult cuCtxGetCurrent(CUcontext *context);
EMULATED_API CUresult cuCtxGetDevice(CUdevice *device);
EMULATED_API CUresult cuCtxSynchronize(void);
EMULATED_API CUresult cuCtxGetStreamPriorityRange(int *least, int *greatest);

EMULATED_API CUresult cuMemGetInfo_v2(size_t *free, size_t *total);
EMULATED_API CUresult cuMemAlloc_v2(CUdeviceptr *pointer, size_t bytes);
EMULATED_API CUresult cuMemFree_v2(CUdeviceptr pointer);
EMULATED_API CUresult cuMemAllocHost_v2(void **pointer, size_t bytes);
EMULATED_API CUresult cuMemHostAlloc(void **pointer, size_t bytes, unsigned flags);
EMULATED_API CUresult cuMemFreeHost(void *pointer);
EMULATED_API CUresult cuMemHostRegister_v2(void *pointer, size_t bytes, unsigned flags);
EMULATED_API CUresult cuMemHostUnregister(void *pointer);
EMULATED_API CUresult cuMemAddressReserve(CUdeviceptr *pointer, size_t size, size_t alignment, CUdeviceptr address,
                                          unsigned long long flags);
EMULATED_API CUresult cuMemAddressFree(CUdeviceptr pointer, size_t size);
EMULATED_API CUresult cuMemCreate(CUmemGenericAllocationHandle *handle, size_t size, const CUmemAllocationProp *property,
                                  unsigned long long flags);
EMULATED_API CUresult cuMemRelease(CUmemGenericAllocationHandle handle);
EMULATED_API CUresult cuMemMap(CUdeviceptr pointer, size_t size, size_t offset, CUmemGenericAllocationHandle handle,
                               unsigned long long flags);
EMULATED_API CUresult cuMemUnmap(CUdeviceptr pointer, size_t size);
EMULATED_API CUresult cuMemSetAccess(CUdeviceptr pointer, size_t size, const CUmemAccessDesc *access, size_t count);
EMULATED_API CUresult cuMemGetAllocationGranularity(size_t *granularity, const CUmemAllocationProp *property, int option);

EMULATED_API CUresult cuMemcpyHtoD_v2(CUdeviceptr to, const void *from, size_t bytes);
EMULATED_API CUresult cuMemcpyDtoH_v2(void *to, CUdeviceptr from, size_t bytes);
EMULATED_API CUresult cuMemcpyDtoD_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes);
EMULATED_API CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *from, size_t bytes, CUstream stream);
EMULATED_API CUresult cuMemcpyDtoHAsync_v2(void *to, CUdeviceptr from, size_t bytes, CUstream stream);
EMULATED_API CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream stream);
EMULATED_API CUresult cuMemcpyAsync(CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream stream);
EMULATED_API CUresult cuMemsetD8_v2(CUdeviceptr to, unsigned char value, size_t count);
EMULATED_API CUresult cuMemsetD16_v2(CUdeviceptr to, unsigned short value, size_t count);
EMULATED_API CUresult cuMemsetD32_v2(CUdeviceptr to, unsigned value, size_t count);
EMULATED_API CUresult cuMemsetD8Async(CUdeviceptr to, unsigned char value, size_t count, CUstream stream);
EMULATED_API CUresult cuMemsetD16Async(CUdeviceptr to, unsigned short value, size_t count, CUstream stream);
EMULATED_API CUresult cuMemsetD32Async(CUdeviceptr to, unsigned value, size_t count, CUstream stream);

EMULATED_API CUresult cuStreamCreate(CUstream *stream, unsigned flags);
EMULATED_API CUresult cuStreamCreateWithPriority(CUstream *stream, unsigned flags, int priority);
EMULATED_API CUresult cuStreamDestroy_v2(CUstream stream);
EMULATED_API CUresult cuStreamSynchronize(CUstream stream);
EMULATED_API CUresult cuStreamQuery(CUstream stream);
EMULATED_API CUresult cuStreamWaitEvent(CUstream stream, CUevent event, unsigned flags);
EMULATED_API CUresult cuStreamGetCtx(CUstream stream, CUcontext *context);
EMULATED_API CUresult cuLaunchHostFunc(CUstream stream, void (*function)(void *), void *argument);
EMULATED_API CUresult cuEventCreate(CUevent *event, unsigned flags);
EMULATED_API CUresult cuEventRecord(CUevent event, CUstream stream);
EMULATED_API CUresult cuEventSynchronize(CUevent event);
EMULATED_API CUresult cuEventQuery(CUevent event);
EMULATED_API CUresult cuEventElapsedTime(float *milliseconds, CUevent start, CUevent end);
EMULATED_API CUresult cuEventElapsedTime_v2(float *milliseconds, CUevent start, CUevent end);
EMULATED_API CUresult cuEventDestroy_v2(CUevent event);

EMULATED_API CUresult cuModuleLoadData(CUmodule *module, const void *image);
EMULATED_API CUresult cuModuleLoadDataEx(CUmodule *module, const void *image, unsigned count, int *options,
                                         void **values);
EMULATED_API CUresult cuModuleUnload(CUmodule module);
EMULATED_API CUresult cuModuleGetFunction(CUfunction *function, CUmodule module, const char *name);
EMULATED_API CUresult cuFuncSetAttribute(CUfunction function, int attribute, int value);
EMULATED_API CUresult cuFuncGetAttribute(int *value, int attribute, CUfunction function);
EMULATED_API CUresult cuFuncGetName(const char **name, CUfunction function);
EMULATED_API CUresult cuFuncGetParamInfo(CUfunction function, size_t index, size_t *offset, size_t *size);
EMULATED_API CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, CUfunction function, int threads,
                                                                  size_t shared_bytes);
EMULATED_API CUresult cuLaunchKernel(CUfunction function, unsigned grid_x, unsigned grid_y, unsigned grid_z,
                                     unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared_bytes,
                                     CUstream stream, void **parameters, void **extra);

EMULATED_API CUresult cuStreamBeginCapture_v2(CUstream stream, int mode);
EMULATED_API CUresult cuStreamEndCapture(CUstream stream, CUgraph *graph);
EMULATED_API CUresult cuStreamIsCapturing(CUstream stream, int *status);
EMULATED_API CUresult cuThreadExchangeStreamCaptureMode(int *mode);
EMULATED_API CUresult cuGraphInstantiateWithFlags(CUgraphExec *executable, CUgraph graph, unsigned long long flags);
EMULATED_API CUresult cuGraphExecUpdate_v2(CUgraphExec executable, CUgraph graph, CUgraphExecUpdateResultInfo *info);
EMULATED_API CUresult cuGraphUpload(CUgraphExec executable, CUstream stream);
EMULATED_API CUresult cuGraphLaunch(CUgraphExec executable, CUstream stream);
EMULATED_API CUresult cuGraphExecDestroy(CUgraphExec executable);
EMULATED_API CUresult cuGraphDestroy(CUgraph graph);
EMULATED_API CUresult cuGraphGetNodes(CUgraph graph, CUgraphNode *nodes, size_t *count);
