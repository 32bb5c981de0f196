#include "arrays.h"

void refuse(Held *h, PyObject *kind, const char *why) {
  if (!h->failed && !PyErr_Occurred()) {
    char text[256];
    size_t n = 0;
    for (const char *part = h->name; *part && n < 60; part++) text[n++] = *part;
    text[n++] = ':', text[n++] = ' ';
    for (; *why && n < sizeof text - 1; why++) text[n++] = *why;
    text[n] = 0;
    PyErr_SetString(kind, text);
  }
  h->failed = 1;
}

// The kind of number that a format of the buffer protocol stands for: f, i, u, or 0 for another, or another byte order.
static char kind_of(const char *format) {
  if (!format || format[0] == 0 || format[1] != 0) return 0;
  for (const char *c = "fd"; *c; c++) if (format[0] == *c) return 'f';
  for (const char *c = "bhilq"; *c; c++) if (format[0] == *c) return 'i';
  for (const char *c = "BHILQ"; *c; c++) if (format[0] == *c) return 'u';
  return 0;
}

Py_buffer *hold(Held *h, PyObject *array, const char *type, int axes, int flags) {
  if (h->failed || ((flags & OPTIONAL) && array == &_Py_NoneStruct)) return 0;
  Py_buffer *b = &h->view[h->count];
  int order = flags & STRIDED ? PyBUF_STRIDES : PyBUF_ND;
  if (PyObject_GetBuffer(array, b, order | PyBUF_FORMAT | (flags & PyBUF_WRITABLE))) return h->failed = 1, (Py_buffer *)0;
  h->writes[h->count++] = flags & PyBUF_WRITABLE;
  char kind = kind_of(b->format);
  Py_ssize_t size = type[1] != '?' ? type[1] - '0' : b->itemsize == 8 ? 8 : 4;
  if ((kind != type[0] && !(type[0] == '?' && (kind == 'i' || kind == 'u'))) || b->itemsize != size)
    refuse(h, PyExc_TypeError, "an array has another type of number");
  if (b->ndim < 1 || (axes && b->ndim != axes)) refuse(h, PyExc_ValueError, "an array has another number of axes");
  if ((uintptr_t)b->buf % (size_t)size) refuse(h, PyExc_ValueError, "an array is not aligned");
  if (!h->failed && flags & STRIDED) {
    for (int i = 0; i < b->ndim; i++)
      if (b->shape[i] > 1 && (b->strides[i] < 0 || b->strides[i] % size || (i == b->ndim - 1 && b->strides[i] != size)))
        refuse(h, PyExc_ValueError, "the numbers of a row are not side by side");
  }
  return b;
}

// The byte after the last one of an array.
static uintptr_t end(const Py_buffer *b) {
  if (!b->strides) return (uintptr_t)b->buf + (uintptr_t)b->len;
  uintptr_t last = (uintptr_t)b->buf + (uintptr_t)b->itemsize;
  for (int i = 0; i < b->ndim; i++) last += b->shape[i] > 1 ? (uintptr_t)((b->shape[i] - 1) * b->strides[i]) : 0;
  return last;
}

int ready(Held *h) {
  if (h->failed) return 0;
  for (int i = 0; i < h->count; i++)
    for (int j = 0; j < h->count && h->writes[i]; j++) {
      const Py_buffer *a = &h->view[i], *b = &h->view[j];
      if (i != j && a->len && b->len && (uintptr_t)a->buf < end(b) && (uintptr_t)b->buf < end(a))
        refuse(h, PyExc_ValueError, "an array that is written overlaps another");
    }
  return !h->failed;
}

PyObject *done(Held *h) {
  for (int i = 0; i < h->count; i++) PyBuffer_Release(&h->view[i]);
  if (h->failed || PyErr_Occurred()) return 0;
  Py_IncRef(&_Py_NoneStruct);
  return &_Py_NoneStruct;
}

double real(Held *h, PyObject *number) {
  if (h->failed) return 0;
  double value = PyFloat_AsDouble(number);
  if (value == -1 && PyErr_Occurred()) h->failed = 1;
  return value;
}

long whole(Held *h, PyObject *number) {
  if (h->failed) return 0;
  long value = PyLong_AsLong(number);
  if (value == -1 && PyErr_Occurred()) h->failed = 1;
  return value;
}
