// CUDA C++ on a CPU: what NVRTC knows without any header, for a compiler that is asked to include this file first.
//
// One fiber runs each CUDA thread, one after the other, until it waits for others of its warp or block (execution.h). No
// system header, so that a kernel finds here no more than NVRTC has.
#pragma once
#include "execution.h"
#include "vectors.h"
#include "mathematics.h"
#include "warps.h"
#include "kernels.h"
#include "primitives.h"
