// A driver that lacks all but its start.
__attribute__((visibility("default"))) int cuInit(unsigned flags) {
  (void)flags;
  return 0;
}
