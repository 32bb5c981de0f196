"""Compile Python files with the Python that runs this, the site's own in Node (web/compile.mjs); needs no package.

A compiled file carries no date and is never compared with its source, so that equal sources give equal bytes and
nothing has to be looked up at an import.
"""

import importlib._bootstrap_external as external
import importlib.util
import io
import zipfile

ASSERTS, DOCSTRINGS = 1, 2  # what compile(optimize=...) leaves out, each with what comes before it
NEEDS_DOCSTRINGS = ("numpy", "pyodide", "_pyodide")  # these work on their own docstrings when they are imported
# What NumPy does at each import for help() and for editors alone, a sixth of its own time: the texts of what is written
# in C, and 40 KB of types for five named tuples. Of numpy.f2py, which calls compilers, `from numpy import *` asks that
# it can be imported.
EMPTIED = "/numpy/_core/_add_newdocs.py", "/numpy/_core/_add_newdocs_scalars.py", "/numpy/f2py/__init__.py"
UNTYPED = "/numpy/linalg/_linalg.py", b"\nfrom numpy._typing import NDArray\n", b"\nNDArray = {Any: Any}\n"


def compile_all(archive: bytes, own: str) -> bytes:
    """A zip file of sources, named by their paths without the first "/", as one of compiled files (.py becomes .pyc).
    Those below the folder `own` keep all they have."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as sources, zipfile.ZipFile(made, "w") as out:
        for path in sources.namelist():
            out.writestr(zipfile.ZipInfo(f"{path}c"), _compiled(path, sources.read(path), own))
    return made.getvalue()


def _compiled(path: str, source: bytes, own: str) -> bytes:
    keeps = not set(NEEDS_DOCSTRINGS).isdisjoint(path.split("/"))
    source = _lean(f"/{path}", source)
    level = 0 if path.startswith(own) else ASSERTS if keeps else DOCSTRINGS
    code = compile(source, f"/{path}", "exec", optimize=level, dont_inherit=True)
    return bytes(external._code_to_hash_pyc(code, importlib.util.source_hash(source), False))


def _lean(path: str, source: bytes) -> bytes:
    """A source without what EMPTIED and UNTYPED name; ValueError if another NumPy has it no more."""
    name, types, instead = UNTYPED
    if path.endswith(EMPTIED):
        return b""
    if not path.endswith(name):
        return source
    if source.count(types) != 1:
        raise ValueError(f"{path} does not import its types as expected: adapt UNTYPED in pyapp/site/compiling.py")
    return source.replace(types, instead)
