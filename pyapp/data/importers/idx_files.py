"""IDX files as MNIST, EMNIST and their copies have them, whatever folders or archive are around them."""

from pyapp.core.words import counted
from pyapp.data.digits import DataError
from pyapp.data.idx import NAME, parsed
from pyapp.data.importers.found import SPLITS, Found
from pyapp.data.importers.images import of_array
from pyapp.data.importers.source import File, Source

KINDS = {"images": 3, "labels": 1}


def read(source: Source) -> Found | None:
    """Images from pairs of IDX files, of one set if there are several (EMNIST's); None if there are none. DataError if
    the files of a pair do not belong together."""
    sets: dict[str, dict[tuple[str, str], File]] = {}
    for file in source.files:
        if name := NAME.fullmatch(_told(file)):
            sets.setdefault(name["set"] or "", {}).setdefault((SPLITS[name["split"]], name["kind"]), file)
    pairs = {name: whole for name, files in sets.items()
             if (whole := {split for split, _ in files if all((split, kind) in files for kind in KINDS)})}
    if not pairs:
        return None
    chosen = min(pairs, key=lambda name: (-len(pairs[name]), name not in ("", "digits", "mnist"), name))
    files = {key: file for key, file in sets[chosen].items() if key[0] in pairs[chosen]}
    found = Found(f"IDX files{f' of EMNIST {chosen}' if chosen else ''}", emnist=bool(chosen), parted=True)
    for file in source.files:
        if file not in files.values() and not _mapping(file):
            source.skip(file, "another set of EMNIST was read; name a folder with one set" if NAME.fullmatch(
                _told(file)) else "it is not an IDX file of the set that was read")
    names = next((_names(file) for file in source.files if _mapping(file) and chosen in file.name.lower()), {})
    for split in sorted(pairs[chosen], reverse=True):
        images, labels = (parsed(files[split, kind].read(), files[split, kind].path, axes)
                          for kind, axes in KINDS.items())
        if len(images) != len(labels):
            raise DataError(f"{files[split, 'images'].path} has {counted(len(images), 'image')}, but "
                            f"{files[split, 'labels'].path} has {counted(len(labels), 'label')}; use files that "
                            "belong together")
        path = files[split, "images"].path
        images, rows, notes = of_array(images, path, lambda i, why, path=path: source.skip(f"{path}, {i + 1}", why))
        found.add(split, images, [names.get(label, _letter(label, chosen)) for label in labels[rows].tolist()])
        for note in notes:
            found.note(note)
    return found


def _told(file: File) -> str:
    """A file's name, or that of its folder if the folder is named like an IDX file."""
    name, folder = file.name.lower(), (file.folders[-1].lower() if file.folders else "")
    return folder if not NAME.fullmatch(name) and NAME.fullmatch(folder) else name


def _letter(label: int, chosen: str) -> str:
    """The class name of a label of EMNIST's letters, which are numbered from 1."""
    return chr(ord("A") + label - 1) if chosen == "letters" and 1 <= label <= 26 else str(label)


def _mapping(file: File) -> bool:
    return "mapping" in file.name.lower() and file.ending == ".txt"


def _names(file: File) -> dict[int, str]:
    """The names of EMNIST's classes: a label and the codes of its characters on each line, the first of them named."""
    found = {}
    for line in file.read(2**16).decode("ascii", "replace").splitlines():
        label, *codes = (word for word in line.split() if word.isdecimal())
        if codes and int(codes[0]) < 2**16 and chr(int(codes[0])).isprintable():
            found[int(label)] = chr(int(codes[0]))
    return found
