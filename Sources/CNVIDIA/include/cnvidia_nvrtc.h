// The run-time compiler of CUDA C++: libnvrtc.so.13 or .12 (https://docs.nvidia.com/cuda/nvrtc/).
#pragma once
#include <stddef.h>

#ifndef __NVRTC_H__
// 0 is success.
typedef int nvrtcResult;
typedef struct _nvrtcProgram *nvrtcProgram;
#endif

typedef struct {
  nvrtcResult (*version)(int *major, int *minor);
  const char *(*error_string)(nvrtcResult result);
  nvrtcResult (*architecture_count)(int *count);
  nvrtcResult (*architectures)(int *capabilities);
  nvrtcResult (*create)(
    nvrtcProgram *program, const char *source, const char *name, int headerCount, const char *const *headers,
    const char *const *headerNames);
  nvrtcResult (*destroy)(nvrtcProgram *program);
  nvrtcResult (*compile)(nvrtcProgram program, int optionCount, const char *const *options);
  nvrtcResult (*log_size)(nvrtcProgram program, size_t *byteCount);
  nvrtcResult (*log)(nvrtcProgram program, char *text);
  nvrtcResult (*cubin_size)(nvrtcProgram program, size_t *byteCount);
  nvrtcResult (*cubin)(nvrtcProgram program, char *bytes);
  nvrtcResult (*ptx_size)(nvrtcProgram program, size_t *byteCount);
  nvrtcResult (*ptx)(nvrtcProgram program, char *text);
} nvidia_nvrtc;

// Fills `table` from an open library. Returns NULL, or the name of the first symbol that is missing.
const char *nvidia_fill_nvrtc(void *library, nvidia_nvrtc *table);
