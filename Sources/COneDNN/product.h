// A product of matrices as one object with oneDNN's primitive and memory objects, over oneDNN 2 and 3, whose
// descriptors differ. Only addresses change from run to run.
#pragma once
#include <oneapi/dnnl/dnnl.h>
#include <stdint.h>
#include <string.h>

#if DNNL_VERSION_MAJOR >= 3
typedef const_dnnl_memory_desc_t sgmn_layout_view;
#define SGMN_VIEW(LAYOUT) (LAYOUT)
#else
typedef const dnnl_memory_desc_t *sgmn_layout_view;
#define SGMN_VIEW(LAYOUT) (&(LAYOUT))
#endif

typedef struct {
  int64_t rows, columns;
  int64_t stride;     // elements between stored rows; a transposed matrix is stored as columns × rows
  int is_transposed;
  int is_float32;     // else bfloat16
} sgmn_matrix;

typedef struct {
  dnnl_primitive_t product;
  dnnl_primitive_t packing;  // null where b is read as it lies
  dnnl_memory_t a, b, c, bias, packed, scratchpad, packing_scratchpad;
  size_t packed_byte_count, scratchpad_byte_count;
  const char *failed_call;
} sgmn_product;

#define SGMN_TRY(CALL, NAME)                                   \
  do {                                                         \
    dnnl_status_t sgmn_status = (CALL);                        \
    if (sgmn_status != dnnl_success) {                         \
      p->failed_call = NAME;                                   \
      status = sgmn_status;                                    \
      goto done;                                               \
    }                                                          \
  } while (0)

static inline dnnl_status_t sgmn_strided(dnnl_memory_desc_t *layout, sgmn_matrix m) {
  dnnl_dims_t sizes = {m.rows, m.columns};
  dnnl_dims_t strides = {m.is_transposed ? 1 : m.stride, m.is_transposed ? m.stride : 1};
  dnnl_data_type_t type = m.is_float32 ? dnnl_f32 : dnnl_bf16;
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_memory_desc_create_with_strides(layout, 2, sizes, type, strides);
#else
  return dnnl_memory_desc_init_by_strides(layout, 2, sizes, type, strides);
#endif
}

// A layout of oneDNN's choice.
static inline dnnl_status_t sgmn_free_layout(dnnl_memory_desc_t *layout, sgmn_matrix m) {
  dnnl_dims_t sizes = {m.rows, m.columns};
  dnnl_data_type_t type = m.is_float32 ? dnnl_f32 : dnnl_bf16;
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_memory_desc_create_with_tag(layout, 2, sizes, type, dnnl_format_tag_any);
#else
  return dnnl_memory_desc_init_by_tag(layout, 2, sizes, type, dnnl_format_tag_any);
#endif
}

static inline void sgmn_release_layout(dnnl_memory_desc_t *layout) {
#if DNNL_VERSION_MAJOR >= 3
  if (*layout) dnnl_memory_desc_destroy(*layout);
#else
  (void)layout;
#endif
}

static inline dnnl_status_t sgmn_product_descriptor(
    dnnl_primitive_desc_t *descriptor, dnnl_engine_t engine, sgmn_layout_view a, sgmn_layout_view b,
    sgmn_layout_view bias, sgmn_layout_view c, const_dnnl_primitive_attr_t attributes) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_matmul_primitive_desc_create(descriptor, engine, a, b, bias, c, attributes);
#else
  dnnl_matmul_desc_t operation;
  dnnl_status_t status = dnnl_matmul_desc_init(&operation, a, b, bias, c);
  return status == dnnl_success ? dnnl_primitive_desc_create(descriptor, &operation, attributes, engine, NULL) : status;
#endif
}

static inline dnnl_status_t sgmn_append_sum(dnnl_post_ops_t operations) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_post_ops_append_sum(operations, 1, 0, dnnl_data_type_undef);
#else
  return dnnl_post_ops_append_sum(operations, 1);
#endif
}

static inline void sgmn_product_destroy(sgmn_product *p) {
  dnnl_memory_t memories[] = {p->a, p->b, p->c, p->bias, p->packed, p->scratchpad, p->packing_scratchpad};
  for (unsigned i = 0; i < sizeof memories / sizeof *memories; i++)
    if (memories[i]) dnnl_memory_destroy(memories[i]);
  if (p->packing) dnnl_primitive_destroy(p->packing);
  if (p->product) dnnl_primitive_destroy(p->product);
}

// c = a·b (+ bias, a row of float32) or c += a·b. With `packs`, b is first brought into the layout that oneDNN likes
// best, in scratch memory. On failure `p` names the call and holds nothing.
static inline dnnl_status_t sgmn_product_create(
    sgmn_product *p, dnnl_engine_t engine, sgmn_matrix a, sgmn_matrix b, sgmn_matrix c, int has_bias, int accumulates,
    int packs) {
  dnnl_status_t status = dnnl_success;
  dnnl_memory_desc_t layout_a, layout_b, layout_c, layout_bias, layout_free;
  dnnl_primitive_desc_t descriptor = NULL, packing = NULL;
  dnnl_primitive_attr_t attributes = NULL;
  dnnl_post_ops_t operations = NULL;
  sgmn_layout_view chosen, scratchpad;
  sgmn_matrix bias = {1, c.columns, c.columns, 0, 1};
  memset(p, 0, sizeof *p);
  memset(&layout_a, 0, sizeof layout_a);
  memset(&layout_b, 0, sizeof layout_b);
  memset(&layout_c, 0, sizeof layout_c);
  memset(&layout_bias, 0, sizeof layout_bias);
  memset(&layout_free, 0, sizeof layout_free);

  SGMN_TRY(sgmn_strided(&layout_a, a), "memory descriptor of a");
  SGMN_TRY(sgmn_strided(&layout_b, b), "memory descriptor of b");
  SGMN_TRY(sgmn_strided(&layout_c, c), "memory descriptor of c");
  SGMN_TRY(sgmn_strided(&layout_bias, bias), "memory descriptor of the bias");
  SGMN_TRY(sgmn_free_layout(&layout_free, b), "memory descriptor of packed b");
  SGMN_TRY(dnnl_primitive_attr_create(&attributes), "dnnl_primitive_attr_create");
  SGMN_TRY(dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user),
           "dnnl_primitive_attr_set_scratchpad_mode");
  if (accumulates) {
    SGMN_TRY(dnnl_post_ops_create(&operations), "dnnl_post_ops_create");
    SGMN_TRY(sgmn_append_sum(operations), "dnnl_post_ops_append_sum");
    SGMN_TRY(dnnl_primitive_attr_set_post_ops(attributes, operations), "dnnl_primitive_attr_set_post_ops");
  }
  SGMN_TRY(sgmn_product_descriptor(
               &descriptor, engine, SGMN_VIEW(layout_a), packs ? SGMN_VIEW(layout_free) : SGMN_VIEW(layout_b),
               has_bias ? SGMN_VIEW(layout_bias) : NULL, SGMN_VIEW(layout_c), attributes),
           "matmul primitive descriptor");
  SGMN_TRY(dnnl_primitive_create(&p->product, descriptor), "dnnl_primitive_create of a product");
  chosen = dnnl_primitive_desc_query_md(descriptor, dnnl_query_weights_md, 0);
  scratchpad = dnnl_primitive_desc_query_md(descriptor, dnnl_query_scratchpad_md, 0);
  p->scratchpad_byte_count = dnnl_memory_desc_get_size(scratchpad);
  SGMN_TRY(dnnl_memory_create(&p->a, SGMN_VIEW(layout_a), engine, DNNL_MEMORY_NONE), "dnnl_memory_create of a");
  SGMN_TRY(dnnl_memory_create(&p->b, SGMN_VIEW(layout_b), engine, DNNL_MEMORY_NONE), "dnnl_memory_create of b");
  SGMN_TRY(dnnl_memory_create(&p->c, SGMN_VIEW(layout_c), engine, DNNL_MEMORY_NONE), "dnnl_memory_create of c");
  SGMN_TRY(dnnl_memory_create(&p->scratchpad, scratchpad, engine, DNNL_MEMORY_NONE),
           "dnnl_memory_create of the scratchpad");
  if (has_bias) {
    SGMN_TRY(dnnl_memory_create(&p->bias, SGMN_VIEW(layout_bias), engine, DNNL_MEMORY_NONE),
             "dnnl_memory_create of the bias");
  }
  if (!packs) goto done;

  dnnl_primitive_attr_destroy(attributes);
  attributes = NULL;
  SGMN_TRY(dnnl_primitive_attr_create(&attributes), "dnnl_primitive_attr_create");
  SGMN_TRY(dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user),
           "dnnl_primitive_attr_set_scratchpad_mode");
  SGMN_TRY(dnnl_reorder_primitive_desc_create(&packing, SGMN_VIEW(layout_b), engine, chosen, engine, attributes),
           "dnnl_reorder_primitive_desc_create");
  SGMN_TRY(dnnl_primitive_create(&p->packing, packing), "dnnl_primitive_create of a reorder");
  p->packed_byte_count = dnnl_memory_desc_get_size(chosen);
  SGMN_TRY(dnnl_memory_create(&p->packed, chosen, engine, DNNL_MEMORY_NONE), "dnnl_memory_create of packed b");
  scratchpad = dnnl_primitive_desc_query_md(packing, dnnl_query_scratchpad_md, 0);
  if (dnnl_memory_desc_get_size(scratchpad) > p->scratchpad_byte_count)
    p->scratchpad_byte_count = dnnl_memory_desc_get_size(scratchpad);
  SGMN_TRY(dnnl_memory_create(&p->packing_scratchpad, scratchpad, engine, DNNL_MEMORY_NONE),
           "dnnl_memory_create of the reorder's scratchpad");

done:
  if (operations) dnnl_post_ops_destroy(operations);
  if (attributes) dnnl_primitive_attr_destroy(attributes);
  if (packing) dnnl_primitive_desc_destroy(packing);
  if (descriptor) dnnl_primitive_desc_destroy(descriptor);
  sgmn_release_layout(&layout_a);
  sgmn_release_layout(&layout_b);
  sgmn_release_layout(&layout_c);
  sgmn_release_layout(&layout_bias);
  sgmn_release_layout(&layout_free);
  if (status != dnnl_success) {
    const char *call = p->failed_call;
    sgmn_product_destroy(p);
    memset(p, 0, sizeof *p);
    p->failed_call = call;
  }
  return status;
}

// Tells the product where its scratch memory lies: packed_byte_count and scratchpad_byte_count bytes.
static inline dnnl_status_t sgmn_product_set_scratch(sgmn_product *p, void *packed, void *scratchpad) {
  dnnl_status_t status = dnnl_success;
  SGMN_TRY(dnnl_memory_set_data_handle(p->scratchpad, scratchpad), "dnnl_memory_set_data_handle of the scratchpad");
  if (p->packing) {
    SGMN_TRY(dnnl_memory_set_data_handle(p->packing_scratchpad, scratchpad),
             "dnnl_memory_set_data_handle of the reorder's scratchpad");
    SGMN_TRY(dnnl_memory_set_data_handle(p->packed, packed), "dnnl_memory_set_data_handle of packed b");
  }
done:
  return status;
}

static inline dnnl_status_t sgmn_product_run(
    sgmn_product *p, dnnl_stream_t stream, void *a, void *b, void *c, void *bias) {
  dnnl_status_t status = dnnl_success;
  dnnl_exec_arg_t arguments[] = {
      {DNNL_ARG_SRC, p->a},
      {DNNL_ARG_WEIGHTS, p->packing ? p->packed : p->b},
      {DNNL_ARG_DST, p->c},
      {DNNL_ARG_SCRATCHPAD, p->scratchpad},
      {DNNL_ARG_BIAS, p->bias},
  };
  SGMN_TRY(dnnl_memory_set_data_handle(p->a, a), "dnnl_memory_set_data_handle of a");
  SGMN_TRY(dnnl_memory_set_data_handle(p->b, b), "dnnl_memory_set_data_handle of b");
  SGMN_TRY(dnnl_memory_set_data_handle(p->c, c), "dnnl_memory_set_data_handle of c");
  if (p->bias) SGMN_TRY(dnnl_memory_set_data_handle(p->bias, bias), "dnnl_memory_set_data_handle of the bias");
  if (p->packing) {
    dnnl_exec_arg_t move[] = {
        {DNNL_ARG_SRC, p->b}, {DNNL_ARG_DST, p->packed}, {DNNL_ARG_SCRATCHPAD, p->packing_scratchpad}};
    SGMN_TRY(dnnl_primitive_execute(p->packing, stream, 3, move), "dnnl_primitive_execute of a reorder");
  }
  SGMN_TRY(dnnl_primitive_execute(p->product, stream, p->bias ? 5 : 4, arguments), "dnnl_primitive_execute");
  SGMN_TRY(dnnl_stream_wait(stream), "dnnl_stream_wait");
done:
  return status;
}

#undef SGMN_TRY
