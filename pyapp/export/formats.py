"""The formats, by name: what each can hold, how it is written, and how it is read back.

A format is a module with an object FORMAT. Its main file holds the manifest, the network and the proof, under one seal;
files beside it, such as an engine, are named in the manifest with their sha256.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pyapp.core.classes import TEN
from pyapp.export.proof import Proof, Run
from pyapp.export.subject import Subject
from pyapp.measure.measure import SIMULATED
from pyapp.quant.integer import ROUNDINGS
from pyapp.seal import BLANK, Broken, sealed

NAME, VERSION = "bitladder", 1
Manifest = dict[str, Any]


@dataclass(frozen=True)
class Opened:
    """What a file holds: `parts`, digests of its network and of its proof as they are in it now, and `runs`, which
    computes the proof again with every engine that this machine has, given the files beside it."""

    manifest: Manifest
    proof: Proof
    parts: Mapping[str, str]
    runs: Callable[[Mapping[str, bytes]], Iterator[Run]]


@dataclass(frozen=True)
class Format:
    """A kind of file. `main` makes its bytes, with seal.BLANK in the manifest; `beside` makes the files that belong to
    it, by suffix; `opened` reads the main file, and any error means that it cannot be read; `fits` says why the format
    cannot hold a network, else ""."""

    name: str
    suffix: str
    label: str  # of a button
    doc: str
    main: Callable[[Subject, Proof, Manifest], bytes]
    opened: Callable[[bytes], Opened]
    recognises: Callable[[bytes], bool]
    fits: Callable[[Subject], str] = lambda subject: ""
    beside: Mapping[str, Callable[[str], bytes]] | None = None  # by suffix, from the main file's name
    rounding: str = ""  # the only one that its engines compute; "": any
    integers: bool = False  # whether it holds networks in integer arithmetic only


def written(subject: Subject, form: Format, stem: str, name: str = "") -> dict[str, bytes]:
    """The files of an export by name, the main one first: `name`, or the stem with the format's suffix. ValueError if
    the format cannot hold the network, or if two files would have one name."""
    name = name or stem + form.suffix
    if form.rounding:
        subject = subject.rounded(form.rounding)
    refuse(subject, form)
    beside = {stem + suffix: make(name) for suffix, make in (form.beside or {}).items()}
    if name in beside:
        raise ValueError(f"{name} is the name of the file that goes with the export; end yours with {form.suffix}")
    proof = Proof.of(subject)
    main = form.main(subject, proof, manifest_of(subject, form, proof, beside))
    return {name: sealed(main), **beside}


def refuse(subject: Subject, form: Format) -> None:
    """ValueError if the format cannot hold the network."""
    if not getattr(subject.network, "on_grids", True):
        raise ValueError("files hold codes on uniform grids that are known beforehand, and this network is rotated, or "
                         "has scales made at run time or zero points between codes (HQQ); use another calibration, "
                         'preparation or method, as in calibrate="minmax" and method="round"')
    if why := form.fits(subject):
        raise ValueError(f"{form.name} cannot hold this network: {why}")


def manifest_of(subject: Subject, form: Format, proof: Proof, beside: Mapping[str, bytes]) -> Manifest:
    """What a file says about itself. `parts` is left to the format, which knows how it stores them."""
    return {
        NAME: VERSION, "kind": form.name, "network": subject.model, "weights": dict(subject.source),
        **({} if subject.classes == TEN else {"classes": list(subject.classes)}), **subject.reading.told,
        "scheme": dict(subject.scheme),
        "arithmetic": arithmetic(subject), "measured": dict(subject.measured),
        "command": subject.command, "fingerprint": proof.fingerprint,
        **({"beside": {name: digest(data) for name, data in beside.items()}} if beside else {}),
        "seal": BLANK.decode(),
    }


def arithmetic(subject: Subject) -> str:
    """The arithmetic between the input and the logits, in words."""
    if subject.integer:
        return f"{subject.integer.arithmetic}, {subject.rounding} rounding"
    return f"float32 with {subject.simulated_bits}-bit activations" if subject.simulated_bits else "float32"


def rounding_of(manifest: Manifest) -> str:
    """The rounding that a manifest names, or any for a network that computes in floats. Broken if it names none."""
    named = manifest["arithmetic"].partition(", ")[2].partition(" ")[0] or ROUNDINGS[0]
    if named not in (*ROUNDINGS, SIMULATED):
        raise Broken(f"a manifest with the rounding {named[:20]!r}")
    return named


def digest(data: bytes) -> str:
    """A short digest of a part of a file: 16 hexadecimal digits of its sha256."""
    return hashlib.sha256(data).hexdigest()[:16]


def checked_manifest(found: Any) -> Manifest:
    """A manifest from a file. Broken if this version cannot read it."""
    if not isinstance(found, dict) or NAME not in found:
        raise Broken("no manifest of a Bitladder export")
    if type(found[NAME]) is not int or found[NAME] != VERSION:
        raise Broken(f"a manifest of version {found[NAME]!r}, which needs another Bitladder: this one reads "
                     f"version {VERSION}")
    return found
