// Stacks that the CPU is switched between.
#pragma once

namespace emulator {

struct Fiber {
  void *stack_pointer = nullptr;
  unsigned char *memory = nullptr;
};

// Makes a fiber that starts in `body`, which never returns.
Fiber *make_fiber(void (*body)());

// Saves the running stack in `from` and goes on where `to` was left.
void change_fiber(Fiber &from, const Fiber &to);

}  // namespace emulator
