"""The packs: three files that hold, compiled, all that Python finds in its file system in the page.

    app/start.pack   what the first page imports: of the standard library, NumPy and pyapp
    app/pages.pack   what other pages import, and the sources that the stories show and readers edit
    app/rest.pack    everything else that an edited text may import, micropip too

web/modules.json says which module goes where, and whose source is shown. A pack is a number n (4 bytes,
little-endian), n bytes of JSON {path: [start, bytes]}, and the files' bytes: not compressed, as a host compresses the
whole better than zip its parts.
Without Node the packs hold sources, and the page compiles them at every start.
"""

import json
import re
from itertools import chain
from pathlib import Path

from pyapp.site.compiled import compiled
from pyapp.site.tree import unzipped, zipped

START, PAGES, REST = "start", "pages", "rest"
OWN, LIBRARY = "bitladder/", "lib/python/"  # in Python's file system: the project, and what others made
LATER = f"{OWN}later.json"  # in the first pack, {module: pack}: what comes with another
IMPORTING, LISTED = f"{LIBRARY}sitecustomize.py", f"{LIBRARY}modules.txt"  # see pyapp/site/importing.py
# What no program imports: tests, interfaces to C and Fortran, types for editors, lists of files; and what a browser
# cannot do: other processes, mailboxes, a web server's interface.
NEEDLESS = re.compile(r"^(multiprocessing|wsgiref)/|^mailbox\.py$|"
                      r"/(tests/(?!_natype)|f2py/(?!__init__\.py$)|_pyinstaller/|include/|lib/npy-pkg-config/|lib/pkgconfig/|_examples/)|"
                      r"\.(pyi|pxd|pyx|a|h|c|ini|pc)$|/RECORD$|/conftest\.py$")


def packs(root, names, cache):
    """{name below web/: bytes}: the packs, and what Pyodide wants to see beside them. `names` are the files of the
    project that the page needs."""
    web = root / "web"
    version, others = third_party(web)
    own = {OWN + name: (root / name).read_bytes() for name in names}
    own[IMPORTING] = Path(__file__).with_name("importing.py").read_bytes()
    codes = compiled(root, [others, own], OWN, cache) if others else {}
    if not codes:
        del own[IMPORTING]  # its list is of compiled files
    group_of, shown_of = groups(web)
    found, later = {START: {}, PAGES: {}, REST: {}}, {}
    for path, content in sorted((others | own).items()):
        group = group_of(path)
        if path.endswith((".py", ".so")) and group != START:
            later[module_of(path)] = group
        if path not in codes:
            found[group][path] = content
            continue
        shown, (folder, _, name) = shown_of(path), path.rpartition("/")
        beside = f"{folder}/__pycache__/{name[:-3]}.cpython-{version}.pyc"
        if shown:  # with its source, or Python would compile what a page begins with
            found[PAGES] |= {path: content, beside: codes[path]}
        if not shown or group == START:
            found[group][f"{path}c"] = codes[path]
    found[START][LATER] = json.dumps(later).encode()
    if codes:
        found[START][LISTED] = listed(found[START])
    made = {f"app/{group}.pack": packed(files) for group, files in found.items()}
    return made | ({"app/python.zip": zipped({}), "app/pyodide-lock.json": short_lock(web)} if others else {})


def third_party(web):
    """("314", {path: bytes}) of the standard library and the wheels; {} if they are not there."""
    archive, wheels = web / "vendor/pyodide/python_stdlib.zip", sorted((web / "vendor/pyodide").glob("*.whl"))
    version = next((match[1] for wheel in wheels if (match := re.search(r"-cp(\d+)-", wheel.name))), "")
    if not version or not archive.is_file():
        return "", {}
    members = [unzipped(place) for place in (archive, *wheels)]
    return version, {LIBRARY + name: content for name, content in chain(*members) if not NEEDLESS.search(name)}


def groups(web):
    """Two functions of a path: its pack, and whether its source comes too. What web/modules.json does not list is for
    other pages if it is ours, with its source, and else for edited texts; without that list all is for the start."""
    try:
        text = (web / "modules.json").read_text(encoding="utf-8")
    except FileNotFoundError:
        text = ""
    if not text:  # a shell empties the file before the command that writes it runs, which may fail
        return lambda path: START, lambda path: path.startswith(OWN)
    listed = json.loads(text)
    pack, shown = {name: group for group in (START, PAGES) for name in listed[group]}, set(listed["shown"])

    def group_of(path):
        if path.startswith(f"{OWN}weights/") and path.endswith(".json"):
            return START
        return pack.get(module_of(path), PAGES if path.startswith(OWN) else REST)

    return group_of, lambda path: path.startswith(OWN) and (module_of(path) in shown or module_of(path) not in pack)


def module_of(path):
    """The name by which the file at a path is imported: numpy.linalg for lib/python/numpy/linalg/__init__.py."""
    stem = re.sub(r"(\.[\w-]+)?\.(pyc?|so)$", "", path.removeprefix(OWN).removeprefix(LIBRARY))
    return stem.removesuffix("/__init__").replace("/", ".")


def listed(files):
    """The list for pyapp/site/importing.py of the modules among files."""
    places = {module_of(path): path for path in files if path.endswith((".pyc", ".so"))}
    return "\n".join(f"{name} /{path}" for name, path in places.items()).encode()


def packed(files):
    """The bytes of a pack."""
    index, at = {}, 0
    for path, content in files.items():
        index[f"/{path}"] = [at, len(content)]
        at += len(content)
    head = json.dumps(index, separators=(",", ":")).encode()
    return len(head).to_bytes(4, "little") + head + b"".join(files.values())


def short_lock(web):
    """Pyodide's list of packages, emptied, because ours are in the packs."""
    lock = json.loads((web / "vendor/pyodide/pyodide-lock.json").read_text(encoding="utf-8"))
    return json.dumps(lock | {"packages": {}}).encode()
