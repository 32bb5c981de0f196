"""The site as one file: what becomes of its modules, what its characters carry, and which names are refused."""

import hashlib
import json
import lzma
import os
import re
import subprocess

import pytest
from small_site import everything, leftovers, members, pinned

import serve
from pyapp.places import ROOT, cache_folder
from pyapp.site import single
from pyapp.site.build import build
from pyapp.site.policy import in_base64
from pyapp.site.terminal import Failure

# What web/single.js does to read an archive, as a program for Node: text in, bytes out.
DECODER = """const text = require("fs").readFileSync(0, "utf-8");
const {0} = [{1}];
(bytes(text)).arrayBuffer().then((all) => process.stdout.write(Buffer.from(all)));
function bytes{2}"""
UNPACK = """const fs = require("fs");
require("vm").runInThisContext(fs.readFileSync(process.argv[1], "utf-8"));
const { XzReadableStream } = module.exports;
const unpack = (hex) => new Response(new XzReadableStream(new Blob([Buffer.from(hex, "hex")]).stream())).arrayBuffer();
(async () => {
  const done = [];
  for (const hex of JSON.parse(fs.readFileSync(0))) done.push(Buffer.from(await unpack(hex)).toString("hex"));
  process.stdout.write(JSON.stringify(done));
})();"""


def in_bytes(text):
    """The way back, digit by digit."""
    bits = "".join(f"{ord(character) - 0x3400:015b}" for character in text)
    return bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))


@pytest.mark.parametrize("length", [0, 1, 59, 60, 61, 1000])
def test_characters_carry_every_byte(length, needs_node):
    content = bytes((7 * n * n + n) % 256 for n in range(length)) or b""
    text = single.in_characters(content)
    assert all("\u3400" <= character <= "\ub3ff" for character in text)
    assert in_bytes(text) == content + bytes(-length % 60)
    script = (ROOT / "web/single.js").read_text()
    names, values = re.search(r"const (\[FIRST, BITS, ALL\]) = \[(.*?)\]", script).groups()
    body = re.search(r"  function bytes(.*?\n  })\n", script, re.DOTALL)[1]
    program = DECODER.replace("{0}", names).replace("{1}", values).replace("{2}", body)
    done = subprocess.run(["node", "-e", program], input=text.encode(), capture_output=True, check=True)
    assert done.stdout == in_bytes(text)


def test_the_library_that_unpacks_reads_what_the_build_packs(needs_node):
    """Whatever zeros follow: with their number wrong, it takes them for damage."""
    contents = [bytes(n % 251 for n in range(length)) for length in (*range(0, 300, 7), 200_000)]
    texts = [in_bytes(single.in_characters(single.compressed(content))).hex() for content in contents]
    done = subprocess.run(["node", "-e", UNPACK, ROOT / "web/vendor/xz/xz-decompress.min.js"], check=True, text=True,
                          input=json.dumps(texts), capture_output=True)
    assert json.loads(done.stdout) == [content.hex() for content in contents]


FILES = {"main.js": b'import { a } from "./ui/a.js";\nconst b = await import("b");\nconst c = import(`./${a}`);\n',
         "ui/a.js": b"export { a } from '../vendor/b.js';\nexport const home = new URL('./', import.meta.url);\n",
         "vendor/b.js": b'export const a = pyimport("x"); // from "nowhere"\n', "x.json": b'import "./no.js"'}
NAMES = {"b": "./vendor/b.js"}


def test_imports_become_places_for_addresses():
    made = {path: text.decode() for path, text in single.rewritten(FILES, NAMES).items()}
    assert made == {
        "main.js": 'import { a } from "embedded:/ui/a.js";\n'
                   'const b = await embedded.load("https://bitladder.invalid/main.js", "https://bitladder.invalid/vendor/b.js");\n'
                   'const c = embedded.load("https://bitladder.invalid/main.js", `./${a}`);\n\n'
                   "//# sourceURL=https://bitladder.invalid/main.js\n",
        "ui/a.js": 'export { a } from "embedded:/vendor/b.js";\n'
                   'export const home = new URL(\'./\', "https://bitladder.invalid/ui/a.js");\n\n'
                   "//# sourceURL=https://bitladder.invalid/ui/a.js\n",
        "vendor/b.js": 'export const a = pyimport("x"); // from "nowhere"\n\n'
                       "//# sourceURL=https://bitladder.invalid/vendor/b.js\n"}


def test_a_circle_and_a_lost_module_are_refused():
    with pytest.raises(Failure, match=r"circle.*a\.js <- b\.js|circle.*b\.js <- a\.js"):
        single.rewritten({"a.js": b'import "./b.js"', "b.js": b'import "./a.js"'}, {})
    with pytest.raises(Failure, match=r"a\.js imports \./no\.js, and the site has no such file"):
        single.rewritten({"a.js": b'import "./no.js"'}, {})


def test_the_file_holds_the_site_and_allows_no_more_than_that(tmp_path, monkeypatch):
    """Of this checkout. Packed lightly, for it is only looked at."""
    monkeypatch.setattr(single, "compressed", lambda content: lzma.compress(content, preset=0))
    manifest = build(ROOT, cache_folder())
    target = tmp_path / "deep" / "out.html"
    assert single.write_single(ROOT, manifest, target, tmp_path) == target.stat().st_size
    content = target.read_bytes()
    assert content[:2] == b"\xff\xfe"
    page = content.decode("utf-16")
    packs = [members(lzma.LZMADecompressor().decompress(in_bytes_fast(text)))
             for text in re.findall('<script type="text/plain">(.*?)</script>', page)]
    held = {path: data for pack in packs for path, data in pack.items()}
    assert len(held) == sum(map(len, packs)) and len(packs) == len(single.ARCHIVES) + 1
    listed = json.loads(held.pop("/app/manifest.json"))
    where = json.loads(held.pop("/archives.json"))
    assert listed["version"] == manifest["version"]
    assert {f"/{name}": entry["sha256"] for name, entry in listed["files"].items()} == {
        path: hashlib.sha256(data).hexdigest() for path, data in held.items()}
    left_out = {name for name in manifest["files"] if f"/{name}" not in held}
    assert left_out == {"index.html", "style.css", "workbench.css", "ladder.css", "sw.js", "manifest.webmanifest",
                        "app/icons/192.png", "app/icons/512.png", "app/icons/maskable.png"}
    assert all(held[f"/{name}"] == (ROOT / "web" / name).read_bytes() for name in manifest["files"]
               if name not in left_out and not name.endswith((".js", ".mjs")))
    assert where == {path: number for number, pack in enumerate(packs) for path in pack if number}
    assert "/main.js" in packs[0] and "/app/start.pack" in packs[1]

    scripts = re.findall("<script(?: type=\"importmap\")?>(.*?)</script>", page, re.DOTALL)
    styles = re.findall("<style>(.*?)</style>", page, re.DOTALL)
    allowed = re.search('http-equiv="Content-Security-Policy" content="([^"]*)"', page)[1]
    assert (len(scripts), len(styles)) == (2, 2)
    cut = page.index(single.CUT)
    assert styles[0] in page[:cut] and len(page[:cut]) < 2500, "what is cut off soon says so, after a moment"
    assert styles[1] not in page[:cut] and "#cut { display: none; }" in styles[1] and scripts[0] not in page[:cut]
    for text in (*scripts, *styles):
        assert in_base64(hashlib.sha256(text.encode()).digest()) in allowed
    assert not re.search("'self'|'unsafe-inline'|'unsafe-eval'", allowed) and "default-src 'none'" in allowed
    assert not re.findall(r'<link (?!rel="icon" href="data:)|<script src|charset=', page)


def in_bytes_fast(text):
    """The same by eights, as there are millions."""
    units = [unit - 0x3400 for unit in memoryview(text.encode("utf-16-le")).cast("H")]
    numbers = (sum(unit << (105 - 15 * i) for i, unit in enumerate(units[at : at + 8]))
               for at in range(0, len(units), 8))
    return b"".join(number.to_bytes(15) for number in numbers)


REFUSED = {"folder.html": "is a folder", "page.txt": "does not end in .html", "": "does not end in .html",
           "project/web/index.html": "own folders", "project/web/new.html": "own folders",
           "project/pyapp/site/x.html": "own folders", "project/.git/x.html": "own folders",
           "file/x.html": "cannot be written"}


@pytest.mark.parametrize(("name", "message"), REFUSED.items(), ids=[name or "empty" for name in REFUSED])
def test_a_name_that_cannot_be_the_file_is_refused_at_once(site, origin, tmp_path, capsys, name, message):
    (tmp_path / "folder.html").mkdir()
    (tmp_path / "file").write_text("mine")
    before = everything(tmp_path)
    assert serve.main(["--single-file", str(tmp_path / name) if name else name]) == 1
    assert message in capsys.readouterr().err
    assert everything(tmp_path) == before and origin.requests == []


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="whoever may write everywhere sees no protection")
def test_a_protected_file_is_refused(tmp_path):
    (tmp_path / "out.html").write_text("mine")
    (tmp_path / "out.html").chmod(0o400)
    with pytest.raises(Failure, match="write-protected"):
        single.check_single(tmp_path / "project", tmp_path / "out.html")


def test_the_command_replaces_an_earlier_file_and_prints_its_size(site, origin, tmp_path, capsys):
    (site / "web/index.html").write_text("<html><head>\n</head><body></body></html>")
    (site / "web/single.js").write_text("run();")
    lock, name = json.loads((site / "web/lock.json").read_text()), "xz-decompress.min.js"
    origin.files[name] = b"unpack();"
    lock["packages"].append({"to": "vendor/xz/", "sources": [{"url": origin.url}],
                             "files": {name: pinned(origin.files[name])}})
    (site / "web/lock.json").write_text(json.dumps(lock))
    target = tmp_path / "out.html"
    target.write_text("an earlier one")
    assert serve.main(["--single-file", str(target)]) == 0
    said = capsys.readouterr().out
    assert re.search(r"All of the site is in \S+out\.html, version [0-9a-f]{16}: 0\.0 MB\. It opens by double-", said)
    assert "<script>unpack();\nrun();</script>\n</body>" in target.read_bytes().decode("utf-16")
    assert leftovers(tmp_path) == []
