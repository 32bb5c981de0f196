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
    level = 0 if path.startswith(own) else ASSERTS if keeps else DOCSTRINGS
    code = compile(source, f"/{path}", "exec", optimize=level, dont_inherit=True)
    return bytes(external._code_to_hash_pyc(code, importlib.util.source_hash(source), False))
