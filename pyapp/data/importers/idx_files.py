"""IDX files as MNIST, EMNIST and their copies have them, whatever folders or archive are around them. Where no two have
the usual names, files of images and of labels are paired by what is in them."""

import re
from collections.abc import Iterator

from pyapp.core.words import counted
from pyapp.data import idx
from pyapp.data.digits import DataError
from pyapp.data.idx import NAME, parsed
from pyapp.data.importers.found import SPLITS, Found, split_named, words_of
from pyapp.data.importers.images import of_array
from pyapp.data.importers.source import PICTURES, File, Source

KINDS = {"images": 3, "labels": 1}
OTHERS = (*PICTURES, ".csv", ".tsv", ".txt", ".npy", ".npz", ".json", ".md", ".wav")  # endings that no IDX file has
SET = re.compile(r"emnist(?:[^a-z]*(digits|mnist|letters|balanced|bymerge|byclass))?")  # in a name or a path
OF_A_KIND = {*KINDS, "image", "img", "imgs", "label", "x", "y", "idx", "idx1", "idx3", "ubyte", "1", "3", "gz", "bin"}

Pair = tuple[str, File, File]  # a part ("" if none is named), its images and its labels


def read(source: Source) -> Found | None:
    """Images from pairs of IDX files, of one set if there are several (EMNIST's); None if there are none. DataError if
    the files of a pair do not belong together."""
    pairs, chosen = _named(source)
    usual, emnist = bool(pairs), bool(chosen)
    if not pairs and not (pairs := list(_matched(source))):
        return None
    used = {file for _, *both in pairs for file in both}
    if not usual and (told := SET.search(" ".join([source.name.lower(), *(file.path.lower() for file in used)]))):
        emnist, chosen = True, told[1] or ""
    found = Found(f"IDX files{f' of EMNIST {chosen}'.rstrip() if emnist else ''}", emnist=emnist, parted=usual)
    for file in source.files:
        if file not in used and not _mapping(file):
            source.skip(file, "another set of EMNIST was read; name a folder with one set" if NAME.fullmatch(
                _told(file)) else "it is not an IDX file of the set that was read")
    names = next((_names(file) for file in source.files if _mapping(file) and chosen in file.name.lower()), {})
    for split, *both in pairs:
        path = both[0].path
        images, labels = (parsed(file.read(), file.path, axes) for file, axes in zip(both, KINDS.values(), strict=True))
        if len(images) != len(labels):
            raise DataError(f"{path} has {counted(len(images), 'image')}, but {both[1].path} has "
                            f"{counted(len(labels), 'label')}; use files that belong together")
        images, rows, notes = of_array(images, path, lambda i, why, path=path: source.skip(f"{path}, {i + 1}", why))
        found.add(split, images, [names.get(label, _letter(label, chosen)) for label in labels[rows].tolist()])
        for note in (*([] if usual else [f"{path} has the images and {both[1].path} their labels"]), *notes):
            found.note(note)
    return found


def _named(source: Source) -> tuple[list[Pair], str]:
    """The pairs of the files with usual names, and which of EMNIST's sets they are, or ""."""
    sets: dict[str, dict[tuple[str, str], File]] = {}
    for file in source.files:
        if name := NAME.fullmatch(_told(file)):
            sets.setdefault(name["set"] or "", {}).setdefault((SPLITS[name["split"]], name["kind"]), file)
    whole = {name: there for name, files in sets.items()
             if (there := {split for split, _ in files if all((split, kind) in files for kind in KINDS)})}
    if not whole:
        return [], ""
    chosen = min(whole, key=lambda name: (-len(whole[name]), name not in ("", "digits", "mnist"), name))
    return [(split, *(sets[chosen][split, kind] for kind in KINDS))
            for split in sorted(whole[chosen], reverse=True)], chosen


def _matched(source: Source) -> Iterator[Pair]:
    """Each file of images with the labels of its number; where several have it, with those of the most similar name.
    DataError if that is not one, or if all files are IDX files and none of them make a pair."""
    there: dict[int, list[tuple[File, int]]] = {axes: [] for axes in KINDS.values()}
    for file in (file for file in source.files if file.ending not in OTHERS):
        try:
            with file.stream() as stream:
                shape = idx.begins(stream.read(16))
        except DataError:
            continue  # whatever it is, it is no IDX file
        if shape:
            there[len(shape)].append((file, shape[0]))
    images, labels = there.values()
    pairs = 0
    for file, n in images:
        split = split_named(file.path)
        beside = sorted((_unlike(file, each), i) for i, (each, count) in enumerate(labels)
                        if count == n and split_named(each.path) in ("", split or split_named(each.path)))
        if not beside:
            continue
        if len(beside) > 1 and beside[0][0] == beside[1][0]:
            alike = " and ".join(labels[i][0].path for _, i in beside[:2])
            raise DataError(f"{alike} both have {counted(n, 'label')}, as many as {file.path} has images; give those "
                            "that belong together the same name but for images and labels")
        pairs += 1
        yield split, file, labels[beside[0][1]][0]
    if not pairs and (images or labels) and len(images) + len(labels) == len(source.files):
        raise DataError("there are " + " and ".join(f"{counted(n, kind.removesuffix('s'))} in {file.path}"
                        for kind, axes in KINDS.items() for file, n in there[axes][:1]) +
                        "; put a file of images and one of as many labels into a folder or a zip file")


def _unlike(a: File, b: File) -> int:
    """How many words of the paths of two files differ, without those that say what is in them."""
    return len((set(words_of(a.path)) ^ set(words_of(b.path))) - OF_A_KIND)


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
