"""The command `inspect`: what a file of tensors holds, what number formats cost it, and how two files differ."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pyapp import files, npz
from pyapp.commands.common import add_json, command, now_and_then, print_json, reader, show
from pyapp.commands.outputs import add_out
from pyapp.core.words import counted
from pyapp.data.tensors.opening import READ, open_tensors
from pyapp.data.tensors.tensor import Tensor
from pyapp.measure.layer_output import METHODS, inputs_for, layer_of, output_errors
from pyapp.measure.tensor_errors import error_map
from pyapp.measure.tensor_formats import SAMPLE, best, described, rows_of, summary
from pyapp.measure.tensor_pairs import compare_files
from pyapp.measure.tensor_report import report, rule
from pyapp.measure.tensor_table import (
    COLUMNS,
    COMPARED,
    LISTED,
    PAIR,
    as_csv,
    as_text,
    name_of,
    number,
    ordered,
    percent,
    places,
)
from pyapp.measure.tensor_text import drawn
from pyapp.quant.formats.catalogue import FORMATS, find
from pyapp.safetensors import shown
from pyapp.store import StoreError
from pyapp.sweep.grid import whole

BITS = 4.5  # a number: codes of 4 bits and a scale of 16 for 32 numbers


def add(commands: Any) -> None:
    sub = command(commands, "inspect", run,
                  f"list the tensors of a file ({READ}), with the best number format for each; or compare two files")
    sub.add_argument("path", metavar="FILE", help="the file; it is mapped into memory, not read whole")
    sub.add_argument("other", nargs="?", metavar="OTHER", help="a second file to compare it with, tensor by tensor")
    sub.add_argument("--tensor", metavar="NAME",
                     help="only this tensor, in every format, with the number line of the best one within --bits or "
                          "--bytes and a map of its errors")
    sub.add_argument("--filter", metavar="TEXT", help="only tensors whose name contains this")
    sub.add_argument("--sort", metavar="COLUMN", help=f"sort by {', '.join(COLUMNS)}; of two files: {', '.join(PAIR)}")
    budget = sub.add_mutually_exclusive_group()
    budget.add_argument("--bits", type=reader(_bits), default=BITS, metavar="B",
                        help="the best format of at most B bits per number, scales counted")
    budget.add_argument("--bytes", type=reader(whole), metavar="N", help="formats that make the file at most N bytes")
    sub.add_argument("--formats", metavar="LIST",
                     help="number formats to choose from, as in format-table (default: all)")
    sub.add_argument("--sample", type=reader(_some), default=SAMPLE, metavar="N",
                     help="measure formats on at most about N numbers of a tensor, in rows spread over it")
    sub.add_argument("--activations", dest="inputs", metavar="FILE",
                     help="measure the error of a layer's output, with its weights rounded to nearest, by GPTQ and "
                          "by AWQ: FILE, of any of these kinds, holds the inputs (N, inputs), and --tensor names the "
                          "weights")
    add_out(sub, "the CSV file for the table", ".csv", "--csv")
    add_out(sub, "the HTML file for a report: the table, what the file would weigh, and histograms of the tensors that "
                 "lose most", ".html", "--html")
    add_out(sub, "the .npy file for the numbers of the tensor that --tensor names, decoded by its scales", ".npy",
            "--npy")
    add_json(sub)


def _bits(written: str) -> float:
    if not 1 <= (bits := float(written)) <= 64:
        raise ValueError(f"{written[:20]} is not from 1 to 64")
    return bits


def _some(written: str) -> int:
    if (n := whole(written)) < 1:
        raise ValueError(f"{n} is not 1 or more")
    return n


def run(args: argparse.Namespace) -> None:
    """Open, measure and print, as a table or as JSON."""
    if args.npy is not None and args.tensor is None:
        raise ValueError("--npy writes one tensor; name it with --tensor NAME")
    if args.html is not None and (args.other is not None or args.tensor is not None):
        raise ValueError("--html reports all tensors of one file; leave out --tensor and the second file")
    if args.inputs is not None and args.tensor is None:
        raise ValueError("--activations holds the inputs of one layer; name its weights with --tensor NAME")
    names = [name.strip() for name in args.formats.split(",")] if args.formats else list(FORMATS)
    for name in names:
        find(name)
    everything = open_tensors(args.path)
    tensors = _wanted(everything, args)
    if args.npy is not None:
        files.write(args.npy, npz.pack_one(tensors[0].read()))
    if args.other is not None:
        return _compare(tensors, args)
    if args.tensor is not None:
        return _one(tensors[0], names, args)
    _sortable(args.sort, COLUMNS)
    limit = None if args.bytes is not None else args.bits
    rows = best(list(rows_of(tensors, names, limit, args.sample, now_and_then("tensors"))), args.bytes)
    told = summary(rows)
    if args.sort:
        rows = ordered(rows, args.sort)
    _write(args.csv, COLUMNS, rows)
    if args.html is not None:
        files.write(args.html, report(Path(args.path).name, tensors, rows, rule(limit, args.bytes, names), args.sample,
                                      len(everything)))
    show({**told, "rows": rows}, args.json, _list(rows, told, args.sample))


def _wanted(tensors: Sequence[Tensor], args: argparse.Namespace) -> list[Tensor]:
    """The tensors that are asked for. StoreError if there is none."""
    if args.tensor is not None:
        found = [tensor for tensor in tensors if tensor.name == args.tensor]
    else:
        found = [tensor for tensor in tensors if (args.filter or "").lower() in tensor.name.lower()]
    if not found and tensors:
        some = ", ".join(shown(tensor.name) for tensor in tensors[:5])
        raise StoreError(f"{args.path}: none of its {len(tensors):,} tensors is that; it has {some}"
                         f"{', ...' if len(tensors) > 5 else ''}")
    if not found:
        raise StoreError(f"{args.path}: it holds no tensor")
    return found


def _compare(tensors: Sequence[Tensor], args: argparse.Namespace) -> None:
    _sortable(args.sort, PAIR)
    other = open_tensors(args.other)
    if args.tensor is not None:
        other = [tensor for tensor in other if tensor.name == args.tensor]
    elif args.filter:
        other = [tensor for tensor in other if args.filter.lower() in tensor.name.lower()]
    found = compare_files(tensors, other, now_and_then("tensors"))
    if args.sort:
        found["rows"] = ordered(found["rows"], args.sort)
    _write(args.csv, PAIR, found["rows"])
    show(found, args.json, _pairs(found))


def _one(tensor: Tensor, names: Sequence[str], args: argparse.Namespace) -> None:
    """Print a tensor in every format, the smallest first."""
    row = described(tensor, names, None, args.sample)
    costs = [{"format": name, "bits": each.bits, "sqnr_db": each.sqnr_db, "maximum_error": each.maximum,
              "bytes": each.nbytes} for name, each in sorted(row.pop("costs").items(), key=lambda item: item[1].bits)]
    _write(args.csv, ("format", "bits", "sqnr_db", "maximum_error", "bytes"), costs)
    outputs, said = _outputs(tensor, args.inputs) if args.inputs is not None else ([], "")
    name = _shown(costs, args)
    found = error_map(tensor.flat(), tensor.shape, name) if name else None
    if args.json:
        errors = {"format": name, "channels": found.channels.tolist(), "block": found.block,
                  "lost": found.lost.tolist(), "levels": [line.tolist() for line in found.levels]} if found else None
        return print_json({**row, "formats": costs, "errors": errors, **({"outputs": outputs} if outputs else {})})
    facts = [f"{key.replace('_', ' ')} {number(value)}" for key, value in row.items() if key not in ("name", "note")]
    print("\n".join([shown(row["name"])[1:-1], ", ".join(facts), row["note"]]).rstrip())
    if costs:
        print(as_text(costs, (("format", "format", str), ("bits", "bits", places(3)),
                              ("SQNR dB", "sqnr_db", places(1)), ("largest error", "maximum_error", number),
                              ("bytes", "bytes", number))))
    if found:
        print(f"\n{drawn(found, name)}")
    if outputs:
        print(f"\nerror of the layer's output, one scale per output. {said}")
        print(as_text(outputs, (("bits", "bits", number), *((title, name, percent)
                                                            for name, (title, _) in METHODS.items()))))


def _shown(costs: Sequence[Mapping[str, Any]], args: argparse.Namespace) -> str | None:
    """The format whose errors are drawn: the one of the highest SQNR within the budget, if one is within it."""
    within = [each for each in costs if each["sqnr_db"] is not None and (
        each["bits"] <= args.bits if args.bytes is None else each["bytes"] <= args.bytes)]
    return max(within, key=lambda each: each["sqnr_db"])["format"] if within else None


def _outputs(tensor: Tensor, path: str) -> tuple[list[dict[str, Any]], str]:
    """The rows of `output_errors` for the weights `tensor` and the inputs in a file, and how these were used."""
    try:
        layer = layer_of(tensor.read(), inputs_for(tensor, open_tensors(path)).read())
    except ValueError as error:
        raise StoreError(f"{path}: {error}") from None
    return list(output_errors(layer)), layer.said()


def _sortable(column: str | None, columns: Sequence[str]) -> None:
    if column is not None and column not in columns:
        raise ValueError(f"there is no column {column[:40]!r} to sort by; use one of {', '.join(columns)}")


def _write(path: Path | None, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    if path is not None:
        files.write(path, as_csv(columns, rows))


def _list(rows: Sequence[Mapping[str, Any]], told: Mapping[str, Any], most: int) -> str:
    lines = [as_text(rows, LISTED)]
    ratio = told["format_bytes"] / max(told["bytes"], 1)
    lines += ["", f"{counted(told['tensors'], 'tensor')}, {counted(told['numbers'], 'number')}: {told['bytes']:,} "
                  f"bytes now, {told['format_bytes']:,} ({ratio:.1%}) in these formats; {told['kept']:,} kept as "
                  "they are"]
    if any(row["numbers"] > most for row in rows):
        lines += [f"SQNR is measured on about {most:,} numbers of each larger tensor; --sample takes more"]
    if told["worst"]:
        lines += [f"lose most: {', '.join(map(name_of, told['worst']))}"]
    notes = [f"{name_of(row['name'])}: {row['note']}" for row in rows if row["note"]]
    return "\n".join([*lines, *notes[:10], *([f"and {len(notes) - 10:,} more notes; --json has them"]
                                             if len(notes) > 10 else [])])


def _pairs(found: Mapping[str, Any]) -> str:
    lines = [as_text(found["rows"], COMPARED) if found["rows"] else
             "no tensor of one file has the name and the shape of one in the other"]
    for which in ("first", "second"):
        if names := found[f"only_{which}"]:
            more = f" and {len(names) - 10:,} more" if len(names) > 10 else ""
            lines.append(f"only in the {which} file: {', '.join(map(name_of, names[:10]))}{more}")
    lines += [f"perhaps the same, {each['how']}: {name_of(each['first'])} and {name_of(each['second'])} "
              f"(correlation {each['correlation']:.3f})" for each in found["candidates"]]
    return "\n".join(lines)
