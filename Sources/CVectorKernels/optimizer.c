#include "generic.h"

#define VK_FILE "optimizer.inc"
#include "instantiate.inc"

void vk_adamw(int dtype, void *weight, const void *gradient, void *first, void *second, double gradient_scale, double rate,
              double beta1, double beta2, double eps, double decay, double correction1, double correction2,
              void *operand, long n) {
  VK_CALL(vk_adamw, weight, gradient, first, second, gradient_scale, rate, beta1, beta2, eps, decay, correction1,
          correction2, operand, n);
}
