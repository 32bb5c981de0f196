"""The proof of an export, run again: the seal first, then the ten digits in every engine found here."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pyapp import files
from pyapp.export import seal
from pyapp.export.formats import Format, Manifest, Opened, digest
from pyapp.export.kinds import FORMATS
from pyapp.export.proof import Run
from pyapp.export.seal import Broken

WHAT = {"network": "the numbers of the network", "proof": "the ten digits or their results"}


class NotProven(ValueError):
    """A file cannot be verified: it is not an export, or no longer as exported. The message names it and says why."""


@dataclass(frozen=True)
class Verdict:
    """The result of a verification: the runs of all engines, at least one."""

    manifest: Manifest
    runs: tuple[Run, ...]
    unit: str  # see Proof.unit

    @property
    def ok(self) -> bool:
        return all(run.ok for run in self.runs)

    @property
    def text(self) -> str:
        """PARITY OK with the largest difference, or the first difference and where it is."""
        engines = ", ".join(run.engine for run in self.runs)
        wrong = next((run for run in self.runs if not run.ok), None)
        if wrong:
            return f"PARITY FAILS in {wrong.engine} at {wrong.where}"
        largest = max(run.difference for run in self.runs)
        return (f"PARITY OK, largest difference {largest:.2g} ({self.unit}): ten digits in {engines}\n"
                f"fingerprint {self.manifest['fingerprint']}")


def verify(path: str | Path) -> Verdict:
    """Run an export's proof again. NotProven if the file is damaged or something else; OSError if it cannot be read."""
    path = Path(path)
    data = files.read(path)
    form = recognised(data, str(path))
    beside = {other.name: other.read_bytes() for suffix in form.beside or {}
              if (other := path.with_name(path.stem + suffix)).is_file()}
    return proven({path.name: data, **beside}, form, str(path))


def proven(made: Mapping[str, bytes], form: Format, name: str = "") -> Verdict:
    """Run the proof of an export's files, the main one first, in every engine found here. NotProven if they are
    damaged."""
    own, data = next(iter(made.items()))
    found = checked(data, form, made, name or own)
    return Verdict(found.manifest, tuple(found.runs()), found.proof.unit)


def recognised(data: bytes, name: str) -> Format:
    """The format of a file. NotProven if it is none of ours."""
    form = next((form for form in FORMATS.values() if data and form.recognises(data)), None)
    if form is None:
        instead = f"{len(data):,} bytes that begin with {data[:8]!r}" if data else "an empty file"
        raise NotProven(f"{name}: expected an export ({', '.join(FORMATS)}), found {instead}; name the first file "
                        "that export wrote")
    return form


def checked(data: bytes, form: Format, beside: Mapping[str, bytes], name: str) -> Opened:
    """What the file holds, after checking that it is as it was exported. NotProven says what is not."""
    try:
        seal.check(data)
        found = form.opened(data, beside)
    except Broken as error:
        raise NotProven(f"{name}: expected an export, found {error}{_which(data, form)}; export it again") from None
    for other, expected in found.manifest.get("beside", {}).items():
        if other in beside and digest(beside[other]) != expected:
            raise NotProven(f"{name}: {other}, which belongs to it, is not the file that was exported with it; export "
                            "both again")
    return found


def _which(data: bytes, form: Format) -> str:
    """Which part of a damaged file is not what its manifest says, where it can still be read."""
    try:
        found = form.opened(data, {})
    except Broken:
        return ""
    changed = [WHAT[part] for part, now in found.parts.items() if found.manifest.get("parts", {}).get(part) != now]
    if not changed:
        return "; the network and its proof are unharmed, so it is the manifest or what surrounds it"
    if len(changed) == len(WHAT):
        return "; its manifest belongs to another network, or both network and proof were changed"
    return f"; {changed[0]} do not match its manifest"
