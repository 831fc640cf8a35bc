// The CUDA sources of the worker's kernels, inside the executable: NVRTC compiles them on the machine where they run.
#pragma once
#include <stddef.h>

typedef struct {
  const char *name;  // "elementwise.cu"
  const char *text;  // ends with a zero byte
} cuda_source;

// Files that hold kernels; and files that those include, by the names they are included by.
extern const cuda_source cuda_units[];
extern const size_t cuda_unit_count;
extern const cuda_source cuda_headers[];
extern const size_t cuda_header_count;

// The same one by one, for languages that do not know arrays of unknown length.
static inline cuda_source cuda_unit(size_t index) { return cuda_units[index]; }
static inline cuda_source cuda_header(size_t index) { return cuda_headers[index]; }
