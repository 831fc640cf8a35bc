#include "cnvidia_blas.h"
#include "symbols.h"

const char *nvidia_fill_blas(void *library, nvidia_blas *table) {
  TAKE(table, version, "cublasLtGetVersion");
  TAKE(table, status_name, "cublasLtGetStatusName");
  TAKE(table, create, "cublasLtCreate");
  TAKE(table, destroy, "cublasLtDestroy");
  TAKE(table, product_create, "cublasLtMatmulDescCreate");
  TAKE(table, product_destroy, "cublasLtMatmulDescDestroy");
  TAKE(table, product_set, "cublasLtMatmulDescSetAttribute");
  TAKE(table, layout_create, "cublasLtMatrixLayoutCreate");
  TAKE(table, layout_destroy, "cublasLtMatrixLayoutDestroy");
  TAKE(table, layout_set, "cublasLtMatrixLayoutSetAttribute");
  TAKE(table, preference_create, "cublasLtMatmulPreferenceCreate");
  TAKE(table, preference_destroy, "cublasLtMatmulPreferenceDestroy");
  TAKE(table, preference_set, "cublasLtMatmulPreferenceSetAttribute");
  TAKE(table, heuristic, "cublasLtMatmulAlgoGetHeuristic");
  TAKE(table, algorithm_get, "cublasLtMatmulAlgoConfigGetAttribute");
  TAKE(table, multiply, "cublasLtMatmul");
  return NULL;
}
