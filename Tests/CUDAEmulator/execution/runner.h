// Runs grids of our kernels, for the driver.
#pragma once
#include <string>
#include <vector>

#include "../language/execution.h"

namespace emulator {

struct Shape {
  unsigned blocks[3], threads[3];
  unsigned shared_bytes;
};

constexpr unsigned shared_limit = 227 * 1024;  // of a block, on compute capability 9.0

// All kernels of the file `unit`; of all files where it is empty.
std::vector<const Kernel *> kernels(const std::string &unit);

// Runs all blocks, one after the other; one grid at a time in a process. SGMN_EMULATOR_ORDER says which thread of a block
// comes first: `forward` the one with index 0, `reverse` the last; by default the two take turns from block to block.
void run(const Kernel &kernel, const Shape &shape, void **parameters);

}  // namespace emulator
