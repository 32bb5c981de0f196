"""The command `anomaly`: a detector learned from a sensor recording, and what few bits do to its alarms."""

import argparse
from typing import Any

from pyapp import files
from pyapp.commands.common import add_json, command, now_and_then, show
from pyapp.commands.outputs import add_out, readable
from pyapp.data import motor
from pyapp.data.importers import sensor_csv
from pyapp.measure.anomaly import STEPS, Detector, Parts, rates, threshold
from pyapp.measure.few_bits import WIDTHS, title
from pyapp.quant.schemes import check_bits
from pyapp.sweep.grid import whole

DOC = ("learn what is healthy from the first part of a sensor recording, and report alarms in the rest, in float32 and "
       "with few bits per weight")


def add(commands: Any) -> None:
    sub = command(commands, "anomaly", run, DOC)
    add_recording(sub)
    sub.add_argument("--bits", default=",".join(map(str, WIDTHS)), metavar="LIST", help="bits per weight to compare")
    add_out(sub, "the CSV file to write: a row per window with its score and alarm in each network", ".csv")
    add_json(sub)


def add_recording(sub: argparse.ArgumentParser) -> None:
    """What a detector is learned from."""
    sub.add_argument("--data", type=readable, metavar="FILE", help="a CSV file with a row per moment and a column per "
                                                                   "sensor (default: a motor made from the seed)")
    sub.add_argument("--columns", metavar="LIST", help="names of the columns to learn from, separated by "
                                                                   "commas; without it, all")
    sub.add_argument("--width", type=int, default=64, metavar="N", help="rows of a window")
    sub.add_argument("--false-alarms", type=float, default=1.0, metavar="PERCENT",
                     help="share of held-out healthy windows that may lie above the threshold")
    sub.add_argument("--seed", type=int, default=1, metavar="N", help="seed of the first weights and of the motor")


def detector_of(args: argparse.Namespace) -> Detector:
    """The detector that the options of `add_recording` ask for, trained."""
    if not 0 <= args.false_alarms < 100:
        raise ValueError(f"false_alarms is {args.false_alarms:g}; use at least 0 and less than 100 percent")
    recording = sensor_csv.read_path(args.data) if args.data else motor.stream(args.seed)[0]
    parts = Parts(recording.chosen(args.columns or ""), args.width)
    detector, watch = Detector(parts, args.seed), now_and_then("training steps")
    for done, _ in enumerate(detector.train(), 1):
        watch(done, STEPS)
    return detector


def run(args: argparse.Namespace) -> None:
    """Train, score the stream, and print what each network finds."""
    widths = [check_bits(whole(each.strip())) for each in args.bits.split(",")]
    detector = detector_of(args)
    parts, recording = detector.parts, detector.parts.recording
    scored = {bits: detector.scored(bits) for bits in (None, *widths)}
    limits = {bits: threshold(each.held_out, args.false_alarms / 100) for bits, each in scored.items()}
    alarms = {bits: each.alarms(limits[bits]) for bits, each in scored.items()}
    rows = [{"bits": bits, "bytes": each.nbytes, "threshold": limits[bits], "alarms": int(alarms[bits].sum()),
             "changed": int((alarms[bits] != alarms[None]).sum()),
             **(rates(alarms[bits], parts.faulty) if parts.faulty is not None else {})}
            for bits, each in scored.items()]
    ends = (parts.stream[1] - 1) / recording.rate
    result = {"recording": parts.recording.report(), "learned": len(parts.learned), "held_out": len(parts.held_out),
              "windows": len(ends), "unit": recording.unit, "rows": rows,
              "alarms_at": [round(float(at), 6) for at in ends[alarms[None]]]}
    if args.out:
        heads = [f"{what}_{'float32' if bits is None else bits}" for bits in scored for what in ("score", "alarm")]
        lines = [",".join(["end", *heads])]
        for i, end in enumerate(ends):
            cells = [f"{each.stream[i]:.6g},{int(alarms[bits][i])}" for bits, each in scored.items()]
            lines.append(",".join([f"{end:.6g}", *cells]))
        files.write(args.out, "\n".join([*lines, ""]).encode())
    show(result, args.json, in_words(result, args.out))


def in_words(result: dict[str, Any], out: str | None) -> str:
    told, known = result["recording"], "detected" in result["rows"][0]
    lines = [f"{told['name']}: {told['rows']:,} rows of {', '.join(each['name'] for each in told['channels'])}",
             f"{result['learned']:,} windows learned from, {result['held_out']:,} for the threshold, "
             f"{result['windows']:,} in the stream", "",
             f"{'weights':8}{'bytes':>8}{'threshold':>11}{'alarms':>8}{'changed':>9}"
             + (f"{'detected':>10}{'false alarms':>14}" if known else "")]
    for row in result["rows"]:
        shares = "".join(f"{'–' if row[key] is None else f'{row[key]:.1%}':>{width}}" for key, width in (
            ("detected", 10), ("false_alarms", 14))) if known else ""
        lines.append(f"{title(row['bits']):8}{row['bytes']:8,}{row['threshold']:11.4f}{row['alarms']:8,}{row['changed']:9,}{shares}")
    lines += [f"- {note}" for note in told["notes"]]
    lines += [f"skipped {each['file']}: {each['reason']}" for each in told["skipped"]]
    return "\n".join(lines + ([f"wrote {out}"] if out else []))
