// What the other emulated libraries ask of the emulated driver. Not part of NVIDIA's ABI.
#pragma once
#include "cuda_api.h"

// Queues work of a library on a stream: `run(argument)` is called when the stream gets there, again for each launch where
// it was captured into a graph, and returns 0 or a CUresult that the context then keeps. `release(argument)` is called
// once when the work can never be wanted again, also where queueing fails. Any thread may make the call, and it may wait
// for other streams' or other processes' work.
EMULATED_API CUresult sgmnEmulatorEnqueue(CUstream stream, CUresult (*run)(void *), void *argument,
                                          void (*release)(void *));

// Whether `bytes` from there on are device memory or pinned host memory now: what a GPU can reach.
EMULATED_API int sgmnEmulatorCanReach(const void *pointer, size_t bytes);
