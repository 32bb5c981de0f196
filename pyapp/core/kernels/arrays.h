#pragma once
// Arrays held during a call, and all that must hold before a kernel may touch them: type, axes, order in memory,
// alignment, that what is written does not overlap what is read. Anything else is a Python exception.
#include "python.h"

enum { MOST = 24 };
enum Flags { READ = 0, WRITE = PyBUF_WRITABLE, STRIDED = 0x1000, OPTIONAL = 0x2000 };
typedef struct { const char *name; Py_buffer view[MOST]; char writes[MOST]; int count, failed; } Held;

// Refuses with a message, once: the first reason is the one that is told.
void refuse(Held *h, PyObject *kind, const char *why);
// `type` is a letter and a size, such as "f4", "f8", "i1", "u1", "i4", "i8"; "?1" is either of i1 and u1, and
// "f?" of f4 and f8. `axes` 0 is any number. C order without gaps, or with STRIDED rows apart, their numbers side by side. None gives 0 if OPTIONAL.
Py_buffer *hold(Held *h, PyObject *array, const char *type, int axes, int flags);
// True if nothing was refused and no array that is written overlaps another.
int ready(Held *h);
// Release all; None, or 0 with the exception set.
PyObject *done(Held *h);
double real(Held *h, PyObject *number);
long whole(Held *h, PyObject *number);

// FUNCTION(name, arguments) { ... } defines what Python calls: `a` are its arguments, `h` holds its arrays.
#define FUNCTION(function, expected)                                                                 \
  static void run_##function(Held *h, PyObject *const *a);                                          \
  PyObject *call_##function(PyObject *module, PyObject *const *a, Py_ssize_t count) {               \
    Held h;                                                                                     \
    h.name = #function, h.count = h.failed = 0;                                                     \
    (void)module;                                                                               \
    if (count != expected) refuse(&h, PyExc_TypeError, "expected " #expected " arguments");     \
    else run_##function(&h, a);                                                                     \
    return done(&h);                                                                            \
  }                                                                                             \
  static void run_##function(Held *h, PyObject *const *a)
// The arrays are there and fit: only then the kernel runs.
#define NEED(condition) \
  do { if (!h->failed && !(condition)) refuse(h, PyExc_ValueError, "does not hold: " #condition); } while (0)
#define FLOAT_TYPE(b) ((b) && (b)->itemsize == 8 ? "f8" : "f4")
#define UNSIGNED(b) ((b)->format[0] == 'B') // of codes of 8 bits
#define SIZE(b, axis) ((size_t)(b)->shape[axis])
#define DATA(type, b) ((b) ? (type *)(b)->buf : (type *)0)
