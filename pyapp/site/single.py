"""The whole site as one HTML file that opens by double-click, without a server and without a connection.

The site's files stand in it as archives: packs (pyapp/site/packs.py), packed with xz, 15 bits a character. The document
is UTF-16, in which such a character takes two bytes; base64 would make the file a quarter larger. web/single.js unpacks
them, in the page and in each worker, and what the page needs first is an archive of its own.

Browsers load no modules from files, but from Blobs, whose addresses are known only when they are made. So the modules
are rewritten: import "./x.js" becomes "embedded:/x.js", in whose place the page puts that address; import(x) and
import.meta.url become what they mean at an address below BASE.
"""

import graphlib
import hashlib
import json
import os
import posixpath
import re
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatchcase

from pyapp.site.build import check_place
from pyapp.site.packed import kept
from pyapp.site.packs import packed
from pyapp.site.policy import MAP, META, POLICY, in_base64
from pyapp.site.terminal import Failure
from pyapp.site.tree import save

BASE = "https://bitladder.invalid/"  # no host can have this name
# What is needed together: a file is in the first archive of which it fits a pattern; the page needs the others'.
ARCHIVES = (("vendor/pyodide/*", "app/start.pack", "app/python.zip", "app/pyodide-lock.json", "data/digits/*",
             "app/weights/mlp.npz"), ("app/pages.pack",), ("app/weights/*.npz",), ("app/rest.pack",))
NEEDLESS = ("index.html", "*.css", "sw.js", "manifest.webmanifest", "app/icons/*")  # in the document, or of no use
PROGRAM = ("vendor/xz/xz-decompress.min.js", "single.js")
FIRST, BITS = 0x3400, 15  # of 2 ** 15 characters in a row, of which HTML and Unicode change none
GROUP = 60  # bytes: 32 characters; after its end xz may have zeros, by fours
DICTIONARY = 1 << 24  # bytes in which xz finds what comes again: also the memory for unpacking

STATIC = re.compile(r"""(\b(?:from|import)\s*)(["'])([^"'\n]+)\2""")
NAMED = re.compile(r'(?<=\bimport\()"[^"]+"(?=\))')
DYNAMIC = re.compile(r"(?<![\w$.])import\(")
STYLES = re.compile(r'<link rel="stylesheet" href="([^"]+)">')
LINKS = re.compile(r'  <(?:meta charset=|link rel="(?!icon)|script src=|!-- All that).*\n')
HEAD = re.compile(r'(  <script type="importmap">.*?</script>\n)?</head>\s*<body>\n', re.DOTALL)
UNSERVED = re.compile(r'(?<=<div id="unserved" class="banner unserved">).*?(?=</div>)', re.DOTALL)
# Seen where a file is cut off before the end of its styles, which hide it; only after a moment, or each start would
# show it.
CUT = "This file is incomplete: copy it again."
LATE = "#cut { visibility: hidden; animation: cut 0s 3s forwards; } @keyframes cut { to { visibility: visible; } }"
HIDDEN = "\n#cut { display: none; }\n"
INCOMPLETE = """
        <p><strong>Bitladder has not started.</strong></p>
        <p>This file may be incomplete, or the browser too old: copy the file again, or use a newer browser.</p>
      """


def check_single(root, target, own=()):
    """Failure if the file cannot have this name, or cannot be written there."""
    if target.suffix.lower() not in (".html", ".htm"):
        raise Failure(f"{target} does not end in .html, by which a double-click opens it in a browser: name it "
                      f"{target.stem or 'bitladder'}.html.")
    check_place(root, target.parent, own, around=False)
    if target.is_dir() or (target.exists() and not os.access(target, os.W_OK)):
        raise Failure(f"{target} is {'a folder' if target.is_dir() else 'write-protected'}: name another file.")


def write_single(root, manifest, target, cache):
    """Write the site that build() has made as one file. Returns its bytes."""
    content = single(root / "web", manifest, cache).encode("utf-16-le")
    save(target, [b"\xff\xfe", content])  # a mark at the front, which says UTF-16 louder than any header
    return len(content) + 2


def single(web, manifest, cache):
    """The text of the document. Failure if a script or style in it would end its own element."""
    page = (web / "index.html").read_text(encoding="utf-8")
    files = {name: (web / name).read_bytes() for name in manifest["files"]
             if not any(fnmatchcase(name, kind) for kind in NEEDLESS)}
    found = MAP.search(page)
    files |= rewritten(files, json.loads(found[0])["imports"] if found else {})
    listed = {name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
              for name, content in files.items()}
    files["app/manifest.json"] = json.dumps(manifest | {"files": listed}).encode()
    style = HIDDEN + "".join((web / name).read_text(encoding="utf-8") for name in STYLES.findall(page))
    program = "\n".join((web / name).read_text(encoding="utf-8") for name in PROGRAM)
    if re.search(r"</script|<!--", program, re.IGNORECASE) or "</style" in style:
        raise Failure("web/single.js, its library or a style sheet holds an end of its own element: take that out.")
    page = META.sub(policy((LATE, style), (program, *([found[0]] if found else []))), page)
    page = HEAD.sub(lambda head: f'  <style>{LATE}</style>\n</head>\n<body>\n  <p id="cut">{CUT}</p>\n'
                                 f'  <style>{style}</style>\n{head[1] or ""}', LINKS.sub("", page))
    page = UNSERVED.sub(INCOMPLETE, page)
    with ThreadPoolExecutor() as pool:
        texts = pool.map(lambda pack: in_characters(kept(cache, pack, compressed, "xz")), archives(files))
    data = "".join(f'<script type="text/plain">{text}</script>\n' for text in texts)
    return page.replace("</body>", f"{data}<script>{program}</script>\n</body>")


def policy(styles, scripts):
    """The page's policy, in which Blobs take the place of the host; its workers have the same one."""
    styles, scripts = (" ".join(f"'{in_base64(hashlib.sha256(text.encode()).digest())}'" for text in texts)
                       for texts in (styles, scripts))
    wanted = POLICY | {"script-src": f"blob: 'wasm-unsafe-eval' {scripts}", "style-src": styles,
                       "img-src": "data: blob:", "connect-src": "https:", "worker-src": "blob:",
                       "manifest-src": "'none'"}
    return "; ".join(f"{name} {sources}" for name, sources in wanted.items())


def rewritten(files, names):
    """The modules among the files, changed so that they run from Blobs. `names` are those of the import map. Failure if
    modules import each other in a circle."""
    texts, needs = {}, {}
    for path, content in files.items():
        if path.endswith((".js", ".mjs")):
            texts[path], needs[path] = embeddable(path, content.decode(), files, names)
    try:
        graphlib.TopologicalSorter(needs).prepare()
    except graphlib.CycleError as error:
        circle = " <- ".join(error.args[1])
        raise Failure(f"Modules import each other in a circle, which one file cannot have: {circle}.") from None
    return {path: f"{text}\n//# sourceURL={BASE}{path}\n".encode() for path, text in texts.items()}


def embeddable(path, text, files, names):
    """The text of a module for one file, and the paths of the modules that it imports."""
    needs = []

    def placed(match):
        before, _, name = match.groups()
        target = resolved(path, name, names)
        if target in files:
            needs.append(target)
            return f'{before}"embedded:/{target}"'
        if name.startswith("."):
            raise Failure(f"{path} imports {name}, and the site has no such file.")
        return match[0]  # Node's modules, which a page never asks for, and words

    here = json.dumps(f"{BASE}{path}")
    text = NAMED.sub(lambda match: f'"{BASE}{resolved(path, match[0][1:-1], names)}"' if match[0][1:-1] in names
                     else match[0], STATIC.sub(placed, text))
    return DYNAMIC.sub(f"embedded.load({here}, ", text).replace("import.meta.url", here), needs


def resolved(path, name, names):
    """The path of what a module imports by a name."""
    if name.startswith("."):
        return posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
    return names.get(name, "").removeprefix("./")


def archives(files):
    """The archives' bytes: first what the page needs, with a list of where other files are; then ARCHIVES."""
    parts = [{} for _ in range(len(ARCHIVES) + 1)]
    for path, content in sorted(files.items(), key=lambda item: (item[0].rpartition(".")[2], item[0])):  # like by like
        number = next((n for n, kinds in enumerate(ARCHIVES, 1) if any(fnmatchcase(path, kind) for kind in kinds)), 0)
        parts[number][path] = content
    where = {f"/{path}": number for number, part in enumerate(parts) for path in part if number}
    parts[0]["archives.json"] = json.dumps(where).encode()
    return [packed(part) for part in parts]


def compressed(content):
    try:
        import lzma  # not at the top: some builds of Python lack it, and can do all else
    except ModuleNotFoundError:
        raise Failure("This Python lacks the module lzma, which packs the single file: use another build of Python."
                      ) from None
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": DICTIONARY}]
    return lzma.compress(content, lzma.FORMAT_XZ, lzma.CHECK_CRC32, filters=filters)


def in_characters(content):
    """Bytes as text, 15 bits a character. Zeros fill up the last group."""
    content += bytes(-len(content) % GROUP)
    shifts = range(8 * GROUP - BITS, -1, -BITS)
    groups = (int.from_bytes(content[at : at + GROUP]) for at in range(0, len(content), GROUP))
    return "".join([chr(FIRST + (group >> shift & 0x7FFF)) for group in groups for shift in shifts])
