"""The command that shows how your own data is read, before it is used."""

import argparse
from pathlib import Path
from typing import Any

from pyapp.commands.common import add_json, command, show
from pyapp.core.words import counted
from pyapp.data.importers import sensor_csv, sounds, source
from pyapp.data.importers.opening import READ, Imported, opened

LISTED = 10  # skipped files, and classes, in words; JSON has all
SHADES = " .:+*#"  # of a pixel, from paper to ink


def add(commands: Any) -> None:
    sub = command(commands, "data", report, "show how your own data is read: classes, counts, first images and "
                                            f"skipped files ({READ}); sensors in a CSV file; sounds in WAV files")
    sub.add_argument("path", metavar="PATH", help="the folder or file, as train, evaluate and export take "
                                              "with --data, anomaly for sensors and keywords for sounds")
    add_json(sub)


def report(args: argparse.Namespace) -> None:
    """Import the data and print the report."""
    given = source.of_path(Path(args.path))
    if any(file.ending == sounds.ENDING for file in given.files):
        told = sounds.read(given).report()
        return show(told, args.json, sounds_in_words(told))
    tables = [file for file in given.files if file.ending in sensor_csv.ENDINGS]
    if len(tables) == 1 == len(given.files) and sensor_csv.looks_like_sensors(tables[0]):
        told = sensor_csv.read_file(tables[0]).report()
        return show(told, args.json, sensors_in_words(told))
    found = opened(args.path)
    first = found.first()
    result = found.report() | {"first": [{"class": found.classes[label], "pixels": image.reshape(-1).tolist()}
                                         for image, label in zip(*first, strict=True)]}
    show(result, args.json, in_words(found))


def in_words(found: Imported) -> str:
    """The report for a terminal."""
    told, splits = found.report(), list(found.parts)
    lines = [f"{told['name']}: {told['kind']}, {counted(told['images'], 'image')} of "
             f"{counted(len(told['classes']), 'class')}"]
    width = max(max(len(each["name"]) for each in told["classes"]), len("class"))
    lines += ["", f"{'class':{width}}" + "".join(f"{split:>10}" for split in splits)]
    lines += [f"{each['name']:{width}}" + "".join(f"{each[split]:10,}" for split in splits)
              for each in told["classes"][: 3 * LISTED]]
    if more := len(told["classes"]) - 3 * LISTED:
        lines += [f"and {more:,} more classes"] * (more > 0)
    lines += ["", *(f"{split}: {counted(told[split]['images'], 'image')}, pixels {told[split]['smallest']} to "
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


def sensors_in_words(told: dict[str, Any]) -> str:
    """The report on a recording of sensors."""
    length = told["rows"] / told["rate"]
    lines = [f"{told['name']}: {told['kind']}, {counted(told['rows'], 'row')}" + (
        f", {told['rate']:.6g} per second, {length:,.6g} s" if told["timed"] else "")]
    if told["faulty"] is not None:
        lines.append(f"{counted(told['faulty'], 'row')} labelled as faulty")
    width = max(len("column"), *(len(each["name"]) for each in told["channels"]))
    lines += ["", f"{'column':{width}}{'smallest':>12}{'largest':>12}{'mean':>12}{'deviation':>12}"]
    lines += [f"{each['name']:{width}}" + "".join(f"{each[key]:12.5g}" for key in (
        "smallest", "largest", "mean", "deviation")) for each in told["channels"]]
    return "\n".join([*lines, *_notes(told)])


def sounds_in_words(told: dict[str, Any]) -> str:
    """The report on sounds by class."""
    lines = [f"{told['name']}: {told['kind']}, {told['sounds']:,} sounds of {len(told['classes'])} "
             f"class{'es' * (len(told['classes']) != 1)}, {told['shortest']:.2f} to {told['longest']:.2f} s at "
             f"{', '.join(f'{rate:,}' for rate in told['rates'])} Hz", ""]
    width = max(len("class"), *(len(each["name"]) for each in told["classes"]))
    lines += [f"{'class':{width}}    sounds", *(f"{each['name']:{width}}{each['sounds']:10,}"
                                               for each in told["classes"][: 3 * LISTED])]
    return "\n".join([*lines, *_notes(told)])


def _notes(told: dict[str, Any]) -> list[str]:
    more = len(told["skipped"]) - LISTED
    return [*(f"- {note}" for note in told["notes"]),
            *(f"skipped {each['file']}: {each['reason']}" for each in told["skipped"][:LISTED]),
            *([f"skipped {more:,} more; --json lists them"] if more > 0 else [])]
