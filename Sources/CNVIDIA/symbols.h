// Takes functions out of an open library.
#pragma once
#include <dlfcn.h>

// Ends the function around it with the symbol's name where `library` lacks it.
#define TAKE(table, field, symbol) \
  do { \
    *(void **)&(table)->field = dlsym(library, symbol); \
    if (!(table)->field) return symbol; \
  } while (0)

// Leaves NULL where `library` lacks the symbol.
#define TAKE_IF_THERE(table, field, symbol) (*(void **)&(table)->field = dlsym(library, symbol))
