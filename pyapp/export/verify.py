"""The proof of an export, run again: the seal first, then the ten digits in every engine found here."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pyapp import files, seal
from pyapp.export.formats import Format, Manifest, Opened, digest
from pyapp.export.kinds import FORMATS
from pyapp.export.proof import Run
from pyapp.export.reading import Reading
from pyapp.seal import Broken

WHAT = {"network": "the numbers of the network", "proof": "the ten inputs or their results"}


class NotProven(ValueError):
    """A file cannot be verified: it is not an export, or no longer as exported. The message names it and says why."""


@dataclass(frozen=True)
class Verdict:
    """The result of a verification: the runs of all engines, at least one."""

    manifest: Manifest
    runs: tuple[Run, ...]
    unit: str  # see Proof.unit
    missing: tuple[str, ...] = ()  # files that belong beside it and are not there

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
        largest, reading = max(run.difference for run in self.runs), Reading.of(self.manifest)
        ten = "images" if "classes" in self.manifest and reading.draws else f"{reading.one}s"
        return (f"PARITY OK, largest difference {largest:.2g} ({self.unit}): ten {ten} in {engines}\n"
                f"fingerprint {self.manifest['fingerprint']}")


def verify(path: str | Path) -> Verdict:
    """Run an export's proof again. NotProven if the file is damaged or something else; OSError if it cannot be read."""
    path = Path(path)
    if path.exists() and not (path.is_file() or path.is_dir()):  # a pipe would be waited for
        raise NotProven(f"{path}: expected an export, found no ordinary file; name the first file that export wrote")
    data = files.read(path)
    found = checked(data, recognised(data, str(path)), str(path))
    beside = {name: files.read(other) for name in companions(found.manifest)
              if (other := path.with_name(name)).is_file()}
    return _verdict(found, beside, str(path))


def proven(made: Mapping[str, bytes], form: Format) -> Verdict:
    """Run the proof of an export's files, the main one first, in every engine found here. NotProven if they are
    damaged."""
    name, data = next(iter(made.items()))
    return _verdict(checked(data, form, name), made, name)


def _verdict(found: Opened, beside: Mapping[str, bytes], name: str) -> Verdict:
    """All runs, with those files `beside` that the manifest names. NotProven if one of these is another file."""
    named = companions(found.manifest)
    theirs = {other: beside[other] for other in named if other in beside}
    for other, content in theirs.items():
        if digest(content) != named[other]:
            raise NotProven(f"{name}: {other}, which belongs to it, is not the file that was exported with it; export "
                            "both again")
    try:
        runs = tuple(found.runs(theirs))
    except Exception as error:  # the numbers of a file that somebody made can make an engine raise almost anything
        raise NotProven(f"{name}: its network cannot be computed ({_why(error)}); export it again") from None
    missing = tuple(other for other in named if other not in theirs)
    return Verdict(found.manifest, runs, found.proof.unit, missing)


def recognised(data: bytes, name: str) -> Format:
    """The format of a file. NotProven if it is not one of ours."""
    form = next((form for form in FORMATS.values() if data and form.recognises(data)), None)
    if form is None:
        instead = f"{len(data):,} bytes that begin with {data[:8]!r}" if data else "an empty file"
        raise NotProven(f"{name}: expected an export ({', '.join(FORMATS)}), found {instead}; name the first file "
                        "that export wrote")
    return form


def checked(data: bytes, form: Format, name: str) -> Opened:
    """What the file holds, after checking that it is as it was exported. NotProven says what has changed."""
    try:
        seal.check(data)
        found = _opened(data, form)
        if found.parts != found.manifest.get("parts"):
            raise Broken("a manifest that belongs to other numbers")
        kind = FORMATS.get(found.manifest.get("kind"))
        if kind is None or not kind.recognises(data):
            raise Broken(f"a manifest of another format, {str(found.manifest.get('kind'))[:20]!r}")
        companions(found.manifest)
    except Broken as error:
        raise NotProven(f"{name}: expected an export, found {error}{_which(data, form)}; export it again") from None
    return found


def companions(manifest: Manifest) -> dict[str, str]:
    """{name: digest} of the files that belong beside an export. Broken if the manifest has something else there."""
    named = manifest.get("beside", {})
    if not isinstance(named, dict) or not all(isinstance(text, str) and Path(name).name == name
                                              for name, text in named.items()):
        raise Broken("a manifest that does not name the files beside it")
    return named


def _opened(data: bytes, form: Format) -> Opened:
    """The file read back. Broken if it cannot be."""
    try:
        return form.opened(data)
    except Broken:
        raise
    except Exception as error:  # a damaged file can make a reader raise almost anything
        raise Broken(f"no network that can be read ({_why(error)})") from None


def _why(error: Exception) -> str:
    return " ".join(str(error).split())[:100] or type(error).__name__


def _which(data: bytes, form: Format) -> str:
    """Which part of a damaged file is not what its manifest says, where it can still be read."""
    try:
        found = _opened(data, form)
    except Broken:
        return ""
    changed = [WHAT[part] for part, now in found.parts.items() if _part(found.manifest, part) != now]
    if not changed:
        return "; the network and its proof are unharmed, so it is the manifest or what surrounds it"
    if len(changed) == len(WHAT):
        return "; its manifest belongs to another network, or both network and proof were changed"
    return f"; {changed[0]} do not match its manifest"


def _part(manifest: Manifest, part: str) -> object:
    told = manifest.get("parts")
    return told.get(part) if isinstance(told, dict) else None
