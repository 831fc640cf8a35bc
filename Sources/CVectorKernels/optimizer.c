#include "generic.h"

#define VK_FILE "optimizer.inc"
#include "instantiate.inc"

void vk_adamw(int dtype, void *weight, void *gradient, void *first, void *second, double gradient_scale, double rate,
              double beta1, double beta2, double eps, double decay, double correction1, double correction2,
              void *operand, int clears_gradient, long n) {
  VK_CALL(vk_adamw, weight, gradient, first, second, gradient_scale, rate, beta1, beta2, eps, decay, correction1,
          correction2, operand, clears_gradient, n);
}
