#pragma once
#include <cblas.h>
#include <stdlib.h>

// Exported by every DYNAMIC_ARCH build of OpenBLAS, though not a documented interface: hence weak.
extern void gotoblas_dynamic_init(void) __attribute__((weak));
extern void gotoblas_dynamic_quit(void) __attribute__((weak));

// Chooses the kernels of this process; "" lets the library detect the processor. Call before any
// product and before any thread. Returns 0, or -1 where the library cannot choose again.
static inline int sgmn_blas_select_core(const char *core) {
  if (!gotoblas_dynamic_init || !gotoblas_dynamic_quit) return -1;
  if (*core) setenv("OPENBLAS_CORETYPE", core, 1); else unsetenv("OPENBLAS_CORETYPE");
  gotoblas_dynamic_quit();
  gotoblas_dynamic_init();
  return 0;
}
