#include "cnvidia_nvrtc.h"
#include "symbols.h"

const char *nvidia_fill_nvrtc(void *library, nvidia_nvrtc *table) {
  TAKE(table, version, "nvrtcVersion");
  TAKE(table, error_string, "nvrtcGetErrorString");
  TAKE(table, architecture_count, "nvrtcGetNumSupportedArchs");
  TAKE(table, architectures, "nvrtcGetSupportedArchs");
  TAKE(table, create, "nvrtcCreateProgram");
  TAKE(table, destroy, "nvrtcDestroyProgram");
  TAKE(table, compile, "nvrtcCompileProgram");
  TAKE(table, log_size, "nvrtcGetProgramLogSize");
  TAKE(table, log, "nvrtcGetProgramLog");
  TAKE(table, cubin_size, "nvrtcGetCUBINSize");
  TAKE(table, cubin, "nvrtcGetCUBIN");
  TAKE(table, ptx_size, "nvrtcGetPTXSize");
  TAKE(table, ptx, "nvrtcGetPTX");
  return NULL;
}
