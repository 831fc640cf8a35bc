#pragma once
#include <oneapi/dnnl/dnnl.h>

// libgomp's, which oneDNN runs on; its header is not on clang's path. Holds for the calling thread.
void omp_set_num_threads(int count);

#include "product.h"
