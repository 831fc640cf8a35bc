// A driver on a machine without a GPU that it can use.
__attribute__((visibility("default"))) int cuInit(unsigned flags) {
  (void)flags;
  return 100;  // CUDA_ERROR_NO_DEVICE
}
