"""Sounds in classes: a folder or a zip file of WAV files in folders named by class."""

from collections import Counter
from dataclasses import dataclass

from pyapp.core.classes import LONGEST, is_name
from pyapp.core.classes import MOST as MOST_CLASSES
from pyapp.data.digits import DataError
from pyapp.data.importers import wav
from pyapp.data.importers.source import Source, natural
from pyapp.data.importers.wav import Sound

ENDING = ".wav"
MOST = 20_000  # sounds
MOST_BYTES = 2**26  # of one file
MOST_SECONDS = 3600  # altogether: they are all kept


@dataclass(frozen=True, eq=False)
class Sounds:
    """Sounds, each with the name of its class, or "" if no folder names one."""

    name: str
    sounds: list[Sound]
    names: list[str]
    files: list[str]
    notes: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...]

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(sorted(set(self.names), key=natural))

    def report(self) -> dict:
        """What was understood, as plain data."""
        counts, lengths = Counter(self.names), [sound.seconds for sound in self.sounds]
        return {"name": self.name, "kind": "WAV files", "sounds": len(self.sounds), "shortest": min(lengths),
                "longest": max(lengths), "rates": sorted({sound.rate for sound in self.sounds}),
                "classes": [{"name": name or "no class", "sounds": counts[name]} for name in self.classes],
                "notes": list(self.notes), "skipped": [{"file": at, "reason": why} for at, why in self.skipped]}


def read(source: Source) -> Sounds:
    """All WAV files of a source; the folder that holds one names its class. DataError if none can be read."""
    found, names, files, notes = [], [], [], Counter()
    seconds = 0.0
    for file in source.files:
        if file.ending != ENDING:
            source.skip(file, "it is not a WAV file")
            continue
        try:
            sound = wav.read(file.read(MOST_BYTES), file.path)
        except DataError as error:
            source.skip(file, str(error).removeprefix(file.path).lstrip(": "))
            continue
        seconds += sound.seconds
        if len(found) >= MOST or seconds > MOST_SECONDS:
            raise DataError(f"{source.name} has more than {MOST:,} sounds or {MOST_SECONDS:,} seconds; use a part of "
                            "them")
        name = file.folders[-1] if file.folders else ""
        if name and not is_name(name):
            raise DataError(f"{source.name}: the folder {name[:LONGEST]!r} has no usable name for a class; use 1 to "
                            f"{LONGEST} printable characters")
        found.append(sound)
        names.append(name)
        files.append(file.path)
        notes.update(sound.notes)
    if not found:
        first = f" ({source.skipped[0][0]}: {source.skipped[0][1]})" if source.skipped else ""
        raise DataError(f"{source.name}: no WAV file in it can be read{first}")
    if len(set(names)) > MOST_CLASSES:
        raise DataError(f"{source.name} has {len(set(names))} folders of sounds; at most {MOST_CLASSES} are read")
    told = [f"{note} ({times:,} files)" if times > 1 else note for note, times in notes.most_common(20)]
    return Sounds(source.name, found, names, files, tuple(told), tuple(source.skipped))
