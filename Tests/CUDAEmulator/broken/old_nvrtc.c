// An NVRTC that is older than the GPU.
__attribute__((visibility("default"))) int nvrtcGetNumSupportedArchs(int *count) {
  *count = 2;
  return 0;
}
__attribute__((visibility("default"))) int nvrtcGetSupportedArchs(int *architectures) {
  architectures[0] = 75;
  architectures[1] = 80;
  return 0;
}
