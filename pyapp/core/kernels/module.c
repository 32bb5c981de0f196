// The module `simd`: the table of its functions.
#include "python.h"

#define FUNCTIONS(X)                                                                                             \
  X(linear) X(weight_gradient) X(input_gradient) X(scores) X(weighted) X(weighted_transposed)  \
  X(softmax) X(cross_entropy) X(gelu) X(gelu_gradient) X(norm) X(norm_gradient) X(adam) X(sgd) X(block) X(sequences) \
  X(product) X(product_to_float) X(layer) X(to_codes) X(to_values) X(steps) X(softmax_double) X(gelu_double) \
  X(norm_double) X(logit_codes) X(code_softmax) X(rounded_softmax) X(dense_on_grid) X(grid_sequences)
#define DECLARE(name) extern PyObject *call_##name(PyObject *, PyObject *const *, Py_ssize_t);
FUNCTIONS(DECLARE)
#define ENTRY(name) {#name, call_##name, METH_FASTCALL, 0},
static PyMethodDef methods[] = {FUNCTIONS(ENTRY) {0, 0, 0, 0}};
static PyModuleDef_Slot slots[] = {{0, 0}};
static PyModuleDef module = {{1, 0}, 0, 0, 0, "simd", "Kernels in WebAssembly SIMD, see kernels/__init__.py", 0, methods, slots, 0, 0, 0};
__attribute__((visibility("default"))) PyObject *PyInit_simd(void) { return PyModuleDef_Init(&module); }
