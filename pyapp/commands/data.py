"""The command that says what data of one's own is understood as, before it is used."""

import argparse
from typing import Any

from pyapp.commands.common import add_json, command, show
from pyapp.data.importers.opening import READ, Imported, opened

LISTED = 10  # skipped files, and classes, in words; JSON has all
SHADES = " .:+*#"  # of a pixel, from paper to ink


def add(commands: Any) -> None:
    sub = command(commands, "data", report, "show how your own data is read: classes, counts, first images and "
                                            f"skipped files ({READ})")
    sub.add_argument("path", metavar="PATH", help="the folder or file, as train, evaluate and export take with --data")
    add_json(sub)


def report(args: argparse.Namespace) -> None:
    """Import the data and print the report."""
    found = opened(args.path)
    first = found.first()
    result = found.report() | {"first": [{"class": found.classes[label], "pixels": image.reshape(-1).tolist()}
                                         for image, label in zip(*first, strict=True)]}
    show(result, args.json, in_words(found))


def in_words(found: Imported) -> str:
    """The report for a terminal."""
    told, splits = found.report(), list(found.parts)
    lines = [f"{told['name']}: {told['kind']}, {told['images']:,} images of {len(told['classes'])} classes"]
    width = max(max(len(each["name"]) for each in told["classes"]), len("class"))
    lines += ["", f"{'class':{width}}" + "".join(f"{split:>10}" for split in splits)]
    lines += [f"{each['name']:{width}}" + "".join(f"{each[split]:10,}" for split in splits)
              for each in told["classes"][: 3 * LISTED]]
    if more := len(told["classes"]) - 3 * LISTED:
        lines += [f"and {more:,} more classes"] * (more > 0)
    lines += ["", *(f"{split}: {told[split]['images']:,} images, pixels {told[split]['smallest']} to "
                    f"{told[split]['largest']}, mean {told[split]['mean']}" for split in splits)]
    lines += [f"- {note}" for note in told["notes"]]
    lines += [f"skipped {each['file']}: {each['reason']}" for each in told["skipped"][:LISTED]]
    if (more := len(told["skipped"]) - LISTED) > 0:
        lines.append(f"skipped {more:,} more; --json lists them")
    return "\n".join([*lines, "", *drawn(found)])


def drawn(found: Imported, most: int = 3) -> list[str]:
    """The first image of the first classes in letters, side by side, every second row of pixels."""
    part = found.first()
    rows = [i for i, label in enumerate(part.labels) if label not in part.labels[:i]][:most]
    heads = "  ".join(f"{found.classes[part.labels[i]][:28]:28}" for i in rows)
    shades = (part.images[rows].astype(int) * len(SHADES)) // 256
    return [heads, *("  ".join("".join(SHADES[v] for v in image[row]) for image in shades).rstrip()
                     for row in range(0, 28, 2))]
