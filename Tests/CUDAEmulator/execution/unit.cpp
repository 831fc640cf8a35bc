// One file of kernels, compiled for the CPU. EMULATED_UNIT is its name without the ending, EMULATED_FILE its path in
// quotes; language/cuda.h is included before this.
namespace EMULATED_JOIN(unit_, EMULATED_UNIT) {
#include EMULATED_FILE
}
