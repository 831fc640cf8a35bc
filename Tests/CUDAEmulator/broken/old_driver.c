// A driver of CUDA 11.4.
__attribute__((visibility("default"))) int cuDriverGetVersion(int *version) {
  *version = 11040;
  return 0;
}
