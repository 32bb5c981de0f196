"""One HTML page that needs nothing else: the network, its engine, a pad, and the proof, which runs when it opens."""

import re

from pyapp.core.classes import TEN
from pyapp.export import json_js, names
from pyapp.export.formats import Format, Manifest, Opened
from pyapp.export.json_js import TEMPLATES, text_of
from pyapp.export.proof import Proof
from pyapp.export.subject import Subject
from pyapp.seal import Broken

SCRIPTS = ("engine.mjs", "drawing.mjs", "page.mjs")
EXPORTS = re.compile(r"^export ", re.MULTILINE)  # in one script nothing is imported
DATA = re.compile(rb'<script type="application/json" id="export">\n(.*?)</script>', re.DOTALL)
ENGINE = re.compile(rb'<script type="module">\n(.*?)// --- drawing.mjs', re.DOTALL)


def main(subject: Subject, proof: Proof, manifest: Manifest) -> bytes:
    """The page."""
    scripts = "\n".join(f"// --- {name}\n{_template(name)}" for name in SCRIPTS)
    filled = {"<!--what-->": "A digits network" if subject.classes == TEN else "A network",
              "<!--title-->": title_of(subject), "<!--told-->": told_of(subject),
              "/*engine*/": EXPORTS.sub("", scripts),  # before what may have any text in it
              "<!--json-->": text_of(subject, proof, manifest).replace("<", r"\u003c")}
    page = _template("page.html")
    for place, text in filled.items():
        page = page.replace(place, text)
    return page.encode()


def _template(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def title_of(subject: Subject) -> str:
    """Bits of weights and activations in words."""
    bits, activations = subject.scheme.get("bits"), subject.scheme.get("activations")
    if bits is None:
        return "float32"
    each = ", ".join(map(str, bits)) if isinstance(bits, list | tuple) else bits
    return f"{each}-bit weights, {f'{activations}-bit' if activations else 'float32'} activations"


def told_of(subject: Subject) -> str:
    """What was measured of the network, and its arithmetic, in words."""
    how = "integers only" if subject.integer else "floating point"
    layers, what = "-".join(map(str, subject.layers)), "digits" if subject.classes == TEN else "images"
    return (f"It classifies {subject.measured['accuracy']:.2%} of {subject.measured['n']:,} test {what} correctly. Its "
            f"layers ({layers}) compute in {how}, in this page's JavaScript.")


def opened(data: bytes) -> Opened:
    """The JSON of a page read back. Broken says what is wrong with it."""
    found, engine = DATA.search(data), ENGINE.search(data)
    if not found or not engine:
        raise Broken("a page without the network or without its engine")
    return json_js.opened(found[1], engine[1])


def fits(subject: Subject) -> str:
    if not subject.reading.draws:
        return "its page has a pad to draw on, and this network reads no drawings; use json"
    return json_js.fits(subject)


def recognises(data: bytes) -> bool:
    return data[:15].lower() == b"<!doctype html>"


FORMAT = Format(*names.HTML, main, opened, recognises, fits)
