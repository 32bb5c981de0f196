"""The house stays easy to see: arrows point one way, the shell's copies are true."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from pyapp import pages
from pyapp.hosts import ROOT

# The floors of pyapp, from the ground up: a room may import what is below it and itself, nothing beside it or above.
# A room is a folder, or some files that belong together. site and places run before anything is installed (serve.py):
# they may import nothing but themselves.
FLOORS = (
    ("places", "later", "loading", "core", "experiment"),
    ("site", "hosts", "store", "quant"),
    ("data", "softmax"),
    ("nets", "ladder"),
    ("training", "shipped"),
    ("quantized", "digitgen"),
    ("measure", "parity"),
    ("export",),
    ("pages", "sweep"),
    ("bridge",),
    ("bench",),
    ("commands",),
)
ROOMS = {"files": "store", "npz": "store", "safetensors": "store", "checkpoint": "store", "recognised": "store",
         "machine": "store", "protobuf": "store", "parts": "store", "seal": "store",
         "runner": "bridge", "run": "bridge", "replay": "bridge", "naming": "bridge", "sessions": "bridge",
         "curves": "bridge", "recorded": "bridge", "modules": "bridge", "__main__": "commands"}
# of the files in no folder; others are rooms of their own
HEIGHT = {room: height for height, floor in enumerate(FLOORS) for room in floor}
ALONE = {"site": {"site", "places"}, "places": {"places"}}
ONLY_IN = {"js": "bridge", "pyodide": "bridge", "pyodide_js": "bridge"}
JS_FLOORS = {"vendor": 0, "integrity": 0, "patience": 0, "modules": 1, "ui": 1, "state": 1, "rpc": 1, "views": 2,
             "engine": 2, "main": 3, "download": 1, "boot": 2, "worker": 3, "start": 4}
PYTHON = sorted((ROOT / "pyapp").rglob("*.py"))
JAVASCRIPT = sorted(path for path in (ROOT / "web").rglob("*.js")
                    if not {"vendor", "app", "bench"} & set(path.relative_to(ROOT / "web").parts))


def imports(path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def room_of(path: str) -> str:
    """The room of a file or a module, from its path or name inside of pyapp."""
    first = re.split(r"[/.]", path)[0]
    return ROOMS.get(first, first)


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: str(path.relative_to(ROOT)))
def test_python_imports_point_down(path):
    inside = path.relative_to(ROOT / "pyapp").as_posix()
    room = room_of(inside)
    if room == "__init__":
        return
    for name in imports(path):
        top, _, rest = name.partition(".")
        if top == "pyapp" and not rest.startswith("__version__"):
            other = room_of(rest)
            assert other == room or HEIGHT[other] < HEIGHT[room], f"{room} imports {name}, which is not below it"
            assert other in ALONE.get(room, {other}), f"{room} imports {name}, but runs before anything is installed"
        assert ONLY_IN.get(top, room) == room, f"only {ONLY_IN.get(top)} may import {top}, not {inside}"
        if inside.startswith("pages/") and rest.startswith("pages."):
            assert rest.startswith(("pages.base.", f"pages.panels.{path.stem}")), f"{inside} imports the page {name}"


def test_every_room_is_on_a_floor():
    there = {room_of(path.relative_to(ROOT / "pyapp").as_posix()) for path in PYTHON} - {"__init__"}
    assert there == HEIGHT.keys()


def test_a_wheel_carries_every_folder():
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    folders = {path.parent.relative_to(ROOT).as_posix().replace("/", ".") for path in PYTHON}
    assert {name for name in listed if not name.startswith("pyapp.share")} == folders


@pytest.mark.parametrize("path", JAVASCRIPT, ids=lambda path: str(path.relative_to(ROOT)))
def test_javascript_imports_point_one_way(path):
    web = ROOT / "web"
    part = path.relative_to(web).parts[0].removesuffix(".js")
    for target in re.findall(r"""(?:from|import)\s*\(?\s*["'](\.[^"']+)["']""", path.read_text()):
        other = (path.parent / target).resolve()
        assert other.is_file() or "vendor" in other.parts, f"{path.name} imports {target}, which is not there"
        floor = JS_FLOORS.get(other.relative_to(web).parts[0].removesuffix(".js"))
        if part in JS_FLOORS and floor is not None:
            assert floor <= JS_FLOORS[part], f"{path.name} imports {target}, which is above it"


@pytest.mark.parametrize("path", [path for path in PYTHON if room_of(path.relative_to(ROOT / "pyapp").as_posix())
                                  not in ("commands", "site")], ids=lambda path: str(path.relative_to(ROOT)))
def test_no_error_of_the_library_names_an_option(path):
    """It names arguments, per="tensor"; the command line turns them into its options. A whole command may be named."""
    for node in ast.walk(ast.parse(path.read_text())):
        name = getattr(getattr(node, "func", None), "id", "")
        if isinstance(node, ast.Raise) or name.endswith("Error"):
            said = [part.value for part in ast.walk(node) if isinstance(getattr(part, "value", None), str)]
            assert not [part for part in said if re.search(r"(?<!`)--(?!provision)[a-z]", part)]


def test_every_export_is_used_elsewhere():
    """By another module of web/, by the benchmark or by a test. Default exports are fetched by the names of panels."""
    web, tests = ROOT / "web", ROOT / "tests"
    readers = {path: path.read_text() for path in [*JAVASCRIPT, *web.glob("*.mjs"), *web.glob("bench/**/*.*js"),
                                                   *tests.rglob("*.mjs"), *tests.rglob("*.py")]}
    for path in JAVASCRIPT:
        named = re.findall(r"^export (?:async )?(?:function\*?|const|let|class) (\w+)", readers[path], re.MULTILINE)
        for name in named:
            assert any(re.search(rf"\b{name}\b", text) for other, text in readers.items() if other != path), (
                f"nothing uses the export {name} of {path.name}")


LINES, OWN_LINES, OWN_FILES, WITHOUT = 7010, 481, 7, 23  # at most: of the shell, of views/; pages without one of those
DRAWING = {"bins", "colormap", "curves", "figure", "heatmap", "pad", "picture", "reader", "bars", "charts", "labels",
           "summary"}
ELSEWHERE = {"controls", "editor", "guard", "shell"}  # positions of a slider, of a cursor, times and bytes


MODULES = {page["name"]: set(re.findall(r'"module": "([^"]+)"', json.dumps(page))) for page in pages.describe()}


def test_the_shell_stays_thin():
    """Pages are declared in Python; JavaScript grows only for a new way of drawing."""
    lines = {path: len(path.read_text().splitlines()) for path in JAVASCRIPT}
    own = [path for path in JAVASCRIPT if path.parent.name == "views"]
    uses = Counter(name for modules in MODULES.values() for name in modules)
    declared = [page for page, modules in MODULES.items() if all(uses[name] > 1 for name in modules)]
    print(f"{sum(lines.values())} lines of JavaScript, {sum(lines[path] for path in own)} of them in the "
          f"{len(own)} files of views/; {len(declared)} of {len(MODULES)} pages have none of their own")
    assert sum(lines.values()) <= LINES and sum(lines[path] for path in own) <= OWN_LINES
    assert len(own) <= OWN_FILES and len(declared) >= WITHOUT


@pytest.mark.parametrize("path", JAVASCRIPT, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_drawing_computes_in_the_shell(path):
    if path.stem not in DRAWING | ELSEWHERE and path.parent.name != "views":
        assert not re.search(r"Math\.(sqrt|log|log2|log10|exp|pow|max|min|hypot)\b", path.read_text())


def test_the_page_asks_at_once_for_all_that_its_program_and_any_page_import():
    """Each floor of imports that the browser has to find out by itself costs a slow line a round trip."""
    html = (ROOT / "web" / "index.html").read_text()
    names = json.loads(re.search(r'importmap">(.*?)</script>', html, re.DOTALL).group(1))["imports"]
    needed, new = set(), {"main.js", "ui/page.js"}
    while new:
        path = new.pop()
        needed.add(path)
        source = (ROOT / "web" / path).read_text()
        for target in re.findall(r"""^import\b[^;]*?["']([^"']+)["'];""", source, re.MULTILINE):
            found = ROOT / "web" / (names[target] if target in names else f"{Path(path).parent}/{target}")
            new |= {found.resolve().relative_to(ROOT / "web").as_posix()} - needed
    assert set(re.findall(r'rel="modulepreload" href="([^"]+)"', html)) == needed


def test_the_shells_copy_of_the_pages_is_true():
    """web/pages.json draws rail and controls before Python is there: `python -m pyapp pages > web/pages.json`."""
    assert json.loads((ROOT / "web" / "pages.json").read_text()) == json.loads(json.dumps(pages.describe()))


def test_every_page_has_panels_and_what_they_do_not_draw_is_in_views():
    assert all(pages.page(name).PANELS for name in pages.names())
    there = {path.stem for path in JAVASCRIPT if path.parent.name == "views" and "export default" in path.read_text()}
    assert set().union(*MODULES.values()) == there


def test_what_only_chromium_has_is_asked_for_in_one_place():
    """Where tests in other browsers skip it: `devtools` and `allow_clipboard` of tests/browser/visitor.py."""
    asking = re.compile(r"new_cdp_session|\bgrant_permissions")
    for path in (ROOT / "tests" / "browser").glob("*.py"):
        assert path.name == "visitor.py" or not asking.search(path.read_text()), path.name


# A name, or a variable with one; and several names at once.
READS = re.compile(r"""\bscope(?:\(\))?\.(?:get|array|value)\((?:["`]([^"`]+)["`]|(\w+))\)""")
MANY = re.compile(r"""\[((?:"[\w?.]+"(?:, )?)+)\]\.map\((?:\(name\) => scope|data|values)\b""")


def read_by(source: str) -> set[str]:
    """The entries of the frame that a module of views/ reads."""
    single = [name for name, _ in READS.findall(source) if name]
    texts = [slot for text in re.findall(r'const READ = "([^"]+)"', source) for slot in re.findall(r"\{([\w?]+)", text)]
    return {*single, *texts, *re.findall(r'\bdata\("([\w?]+)"\)', source),
            *(name for names in MANY.findall(source) for name in re.findall(r'"([^"]+)"', names))}


def customs(part) -> list[dict]:
    """All blocks of kind custom in a page's declaration."""
    inner = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    own = [part] if isinstance(part, dict) and part.get("kind") == "custom" else []
    return own + [block for each in inner for block in customs(each)]


def test_a_page_declares_what_a_module_of_views_reads_of_its_frame():
    """So that the entries can be held against the frame, and the panel's menu has their numbers."""
    used = 0
    for block in customs(json.loads(json.dumps(pages.describe()))):
        source = (ROOT / "web" / "views" / f"{block['module']}.js").read_text()
        assert {name for _, name in READS.findall(source) if name} <= {"name", "entry"}, "names that are not read here"
        there = {entry.removesuffix("?") for entry in block["entries"]}
        reads = {name.removesuffix("?").replace("${side}", block.get("name", "")) for name in read_by(source)}
        assert reads == there, f"{block['module']}: {sorted(reads ^ there)} is read or declared, but not both"
        used += len(reads)
    assert used > 20


def test_ruff_is_clean():
    subprocess.run([sys.executable, "-m", "ruff", "check", "."], cwd=ROOT, check=True)


def test_no_two_tests_have_one_name():
    """pytest tells files without packages apart by their names alone, where one process collects them all."""
    names = [path.stem for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))


def test_no_file_has_grown_past_what_one_can_hold_in_mind():
    long = {str(path.relative_to(ROOT)): lines for path in [*PYTHON, *JAVASCRIPT, *(ROOT / "web").glob("*.css")]
            if (lines := len(path.read_text().splitlines())) > 300}
    assert not long


def declared(path) -> set[tuple[str, ...]]:
    """Name, label, kind and choices of each parameter that the file builds, as they are written there."""
    calls = [node for node in ast.walk(ast.parse(path.read_text()))
             if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Param"]
    return {(*map(ast.unparse, call.args[:3]), *(ast.unparse(part.value) for part in call.keywords
                                                 if part.arg == "choices")) for call in calls}


def test_a_parameter_of_several_pages_is_built_in_one_place():
    homes = [path for path in PYTHON if path.stem in ("controls", "format_controls", "softmax_controls")]
    shared = set().union(*map(declared, homes))
    assert len(shared) > 10
    for path in PYTHON:
        if path not in homes:
            assert not declared(path) & shared, f"{path.name} builds what {homes[0].name} has"


SHARED = {("seed", "int"), ("bits", "int"), ("bits", "choice"), ("per", "choice")}  # names and kinds


@pytest.mark.parametrize("path", [path for path in PYTHON if "pages" in path.parts and path.stem != "controls"],
                         ids=lambda path: path.stem)
def test_seed_bits_and_per_are_built_in_one_place(path):
    """With other words and choices where a page needs them: a generator's seed is a text. Start, which every reader
    waits for, imports nothing for one parameter."""
    calls = () if path.match("pages/start.py") else declared(path)
    found = {(ast.literal_eval(name), ast.literal_eval(kind)) for name, _, kind, *_ in calls
             if name[0] + kind[0] in ("''", '""')}
    assert not found & SHARED, f"{path.name} builds what pyapp/pages/base/controls.py has"


TYPES = {"choice": "str", "text": "str"}
PARAMS = {name: {param.name: TYPES.get(param.kind, param.kind) for param in pages.page(name).PARAMS}
          for name in pages.names()}


@pytest.mark.parametrize("path", [path for path in PYTHON if "pages" in path.parts], ids=lambda path: path.stem)
def test_no_page_casts_a_parameter_to_what_it_is(path):
    """Parameters arrive parsed: only a choice such as "32" has to become a number."""
    own = [PARAMS[path.stem]] if path.stem in PARAMS and "base" not in path.parts else PARAMS.values()
    for cast, name in re.findall(r"""\b(int|float|str|bool)\((?:self\.)?params\[["']?(\w+)""", path.read_text()):
        types = {params[name] for params in own if name in params}
        assert types and cast not in types, f"{path.name}: {name} is {cast} already"
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef) and node.name == "change":
            assert not re.search(r"\b(int|float|str|bool)\(value\)", ast.unparse(node))


def made_by_the_shell() -> set[str]:
    """Words that may be classes: all strings but those of other attributes, and what a class attribute computes."""
    made = set()
    for path in [*JAVASCRIPT, ROOT / "web" / "index.html"]:
        source = re.sub(r"(?<!\w)/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)  # no comment: image/*
        for name, words in re.findall(r'(?:([\w-]+)=)?"([^"\n]*)"', source):
            made |= set(words.split()) if name in ("", "class") else set()
        for start in re.finditer(r"class=\$\{", source):
            depth, end = 1, start.end()
            while depth:
                depth, end = depth + {"{": 1, "}": -1}.get(source[end], 0), end + 1
            made |= set(re.findall(r"[\w-]+", source[start.end():end]))
    return made


def made_by_the_pages() -> set[str]:
    """Roles and sizes that panels name, also in their words and in the stories; no names of panels or of entries."""
    folder, named = ROOT / "pyapp" / "pages", []
    sources = [path.read_text() for path in folder.rglob("*.py")]
    for node in (node for source in sources for node in ast.walk(ast.parse(source))):
        parts = getattr(node.value, "elts", []) if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.keyword) and node.arg in ("role", "size"):
            parts = ast.walk(node.value)
        named += [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    told = re.findall(r"\]\(\.([\w -]+)", "".join([*sources, *(path.read_text() for path in folder.glob("*.md"))]))
    return {word for words in [*named, *told] for word in words.split()}


def test_no_style_is_for_a_class_that_nothing_makes():
    made = made_by_the_shell() | made_by_the_pages()
    for path in (ROOT / "web").glob("*.css"):
        rules = re.sub(r"\{[^{}]*\}|/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
        for name in re.findall(r"\.(-?[a-zA-Z_][\w-]*)", rules):
            parts = {name[:i + 1] for i, letter in enumerate(name) if letter == "-"}  # control-${widget}, band-{band}
            known = name in made or parts & (made | {"hljs-", "tok-", "cm-"})  # of highlight.js and CodeMirror
            assert known, f"{path.name}: nothing makes the class {name}"
