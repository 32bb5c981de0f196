"""The command `keywords`: a network that recognises words, and what few bits do to it."""

import argparse
from typing import Any

from pyapp.commands.common import add_confusion, add_json, command, now_and_then, show
from pyapp.commands.outputs import readable
from pyapp.data.importers import sounds, source
from pyapp.measure.few_bits import WIDTHS, title
from pyapp.measure.keywords import Spotter, one_second
from pyapp.measure.mistakes import each_in_words
from pyapp.quant.schemes import check_bits
from pyapp.sweep.grid import whole

DOC = ("train a network that tells words apart by their log-mel features, and measure it in float32 and with few bits "
       "per weight; hear WAV files with it")


def add(commands: Any) -> None:
    sub = command(commands, "keywords", run, DOC)
    add_sounds(sub)
    sub.add_argument("--wav", dest="inputs", type=readable, metavar="PATH",
                     help="a WAV file to classify, or a folder or zip file of such")
    sub.add_argument("--bits", default=",".join(map(str, WIDTHS)), metavar="LIST", help="bits per weight to compare")
    add_confusion(sub)
    add_json(sub)


def add_sounds(sub: argparse.ArgumentParser) -> None:
    """What a network is learned from."""
    sub.add_argument("--data", type=readable, metavar="PATH", help="a folder or zip file of WAV files in folders named "
                                                                   "by class (default: six words made from the seed)")
    sub.add_argument("--seed", type=int, default=1, metavar="N", help="seed of the words and of the first weights")


def spotter_of(args: argparse.Namespace) -> Spotter:
    """The spotter that the options of `add_sounds` ask for, trained."""
    own = sounds.read(source.of_path(args.data)) if args.data else None
    spotter, watch = Spotter(args.seed, own), now_and_then("sounds prepared")
    for done in spotter.prepare():
        watch(done, spotter.total)
    for _ in spotter.train():
        pass
    return spotter


def run(args: argparse.Namespace) -> None:
    """Train, measure on the held-out sounds, and classify the given files."""
    widths = [check_bits(whole(each.strip())) for each in args.bits.split(",")]
    given = sounds.read(source.of_path(args.inputs)) if args.inputs else None
    spotter = spotter_of(args)
    networks = {bits: spotter.network(bits) for bits in (None, *widths)}
    judged = {bits: network.mistakes(*spotter.held_out, spotter.files) for bits, network in networks.items()}
    rows = [{"bits": bits, "bytes": network.nbytes, "accuracy": float(judged[bits].right.mean()),
             "changed": int((judged[bits].predictions != judged[None].predictions).sum())}
            for bits, network in networks.items()]
    heard = [{"file": name, "heard": [_heard(network, spotter.features(x), bits) for bits, network in networks.items()]}
             for name, x in (zip(given.files, map(one_second, given.sounds), strict=True) if given else ())]
    result = {"classes": list(spotter.classes), "learned": len(spotter.learned[1]),
              "held_out": len(spotter.held_out[1]), "rows": rows, "files": heard,
              "skipped": [{"file": file, "reason": why} for some in (spotter.own, given) if some
                          for file, why in some.skipped]}
    told = {title(bits): found for bits, found in judged.items()} if args.confusion else {}
    mistakes = {"mistakes": {name: found.told() for name, found in told.items()}} if told else {}
    show(result | mistakes, args.json, in_words(result) + each_in_words(told, "sound"))


def _heard(network: Any, row: Any, bits: int | None) -> dict[str, Any]:
    p = network.probabilities(row)[0]
    return {"bits": bits, "class": network.classes[int(p.argmax())], "probability": float(p.max())}


def in_words(result: dict[str, Any]) -> str:
    lines = [f"{', '.join(result['classes'])}: {result['learned']:,} sounds learned, {result['held_out']:,} held out",
             "",
             f"{'weights':8}{'bytes':>9}{'right':>8}{'changed':>9}"]
    lines += [f"{title(row['bits']):8}{row['bytes']:9,}{row['accuracy']:8.1%}{row['changed']:9,}" for row in
              result["rows"]]
    for file in result["files"]:
        lines.append(f"{file['file']}: " + ", ".join(f"{title(each['bits'])} {each['class']} "
                                                     f"({each['probability']:.0%})" for each in file["heard"]))
    return "\n".join([*lines, *(f"skipped {each['file']}: {each['reason']}" for each in result["skipped"])])
