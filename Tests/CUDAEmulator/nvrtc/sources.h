// The sources of the kernels that the emulator was built from; the build script writes the table.
#pragma once
#include <stddef.h>

struct EmulatedSource {
  const char *name, *text;
  size_t size;
};
extern const EmulatedSource emulated_sources[];
extern const size_t emulated_source_count;
