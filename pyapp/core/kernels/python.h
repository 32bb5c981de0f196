#pragma once
// What the kernels need of CPython's limited API, declared by hand: no Python headers, and one file for every version.
// Layouts are those of the stable ABI from 3.11, with the GIL; the same declarations hold for wasm32 and for 64-bit Unix.
#include <stddef.h>
#include <stdint.h>

typedef intptr_t Py_ssize_t;
typedef struct { Py_ssize_t references; void *type; } PyObject;
typedef struct {
  void *buf; PyObject *obj; Py_ssize_t len, itemsize; int readonly, ndim; char *format;
  Py_ssize_t *shape, *strides, *suboffsets; void *internal;
} Py_buffer;
typedef PyObject *(*Function)(PyObject *module, PyObject *const *arguments, Py_ssize_t count);
typedef struct { const char *name; Function function; int flags; const char *doc; } PyMethodDef;
typedef struct {
  PyObject base; void *init; Py_ssize_t index; PyObject *copy;
  const char *name, *doc; Py_ssize_t size; PyMethodDef *methods; void *slots, *traverse, *clear, *free;
} PyModuleDef;
typedef struct { int slot; void *value; } PyModuleDef_Slot;
enum { METH_FASTCALL = 0x80, PyBUF_WRITABLE = 0x1, PyBUF_FORMAT = 0x4, PyBUF_ND = 0x8, PyBUF_STRIDES = 0x18 };

extern PyObject *PyModuleDef_Init(PyModuleDef *);
extern int PyObject_GetBuffer(PyObject *, Py_buffer *, int);
extern void PyBuffer_Release(Py_buffer *);
extern double PyFloat_AsDouble(PyObject *);
extern PyObject *PyFloat_FromDouble(double);
extern long PyLong_AsLong(PyObject *);
extern PyObject *PyErr_Occurred(void);
extern void PyErr_SetString(PyObject *, const char *);
extern void Py_IncRef(PyObject *);
extern PyObject *PyExc_ValueError, *PyExc_TypeError;
extern PyObject _Py_NoneStruct;
