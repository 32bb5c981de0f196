"""The command that measures a network in any quantised form."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from types import MappingProxyType
from typing import Any

from pyapp.commands.attention import add_evaluate
from pyapp.commands.common import (
    BITS_OR_NONE,
    TITLES,
    add_confusion,
    add_data,
    add_format,
    add_json,
    add_prepare,
    add_weights,
    command,
    networks,
    now_and_then,
    progress,
    reader,
    show,
)
from pyapp.commands.saying import in_options, option, say
from pyapp.core.parameters import Parameters
from pyapp.data import mnist
from pyapp.data.mnist import Digits
from pyapp.measure.measure import answers, measure, measure_float, network_for
from pyapp.measure.mistakes import Mistakes, each_in_words
from pyapp.quant.adaround import RECONSTRUCTIONS
from pyapp.quant.alone import HQQ, OWN
from pyapp.quant.calibrate import CLIPS, RANGES
from pyapp.quant.formats.catalogue import check_choice
from pyapp.quant.integer import ROUNDINGS
from pyapp.quant.schemes import GRID, SCHEMES
from pyapp.quantized.network import QuantizedNetwork
from pyapp.quantized.saved import classes_of, load_digits
from pyapp.quantized.settings import METHODS, OF_GRIDS, Settings
from pyapp.quantized.trained import LEARNED
from pyapp.sweep.grid import DEFAULTS, NONE, whole_or_none, written

NOTHING: Mapping[str, Any] = MappingProxyType({})
SHARED_GRID = ("AWQ rescales the rows of the layer before as well, and with one scale per tensor these share a grid: "
               "the result may be far worse than without AWQ; use --per channel or --per group:32")


def add(commands: Any) -> None:
    models = networks(commands, "evaluate", "measure accuracy, loss and size of a network, in float32 or quantised")
    sub = command(models, "mlp", evaluate, f"the {TITLES['mlp']}")
    add_weights(sub)
    add_data(sub)
    sub.add_argument("--split", default="test", choices=list(mnist.FILES), help="which images")
    add_bits(sub)
    add_format(sub)
    add_settings(sub)
    sub.add_argument("--rounding", choices=ROUNDINGS, default=ROUNDINGS[0],
                     help="how integer sums are requantised: in fixed point, rounded once or twice, or in float32")
    add_confusion(sub)
    add_json(sub)
    add_evaluate(models)


def add_bits(sub: argparse.ArgumentParser) -> None:
    """The option for the weights' bits, without which the network stays float."""
    sub.add_argument("--bits", type=reader(whole_or_none), metavar=f"B|{NONE}",
                     help=f"bits per weight: {BITS_OR_NONE} (default: {NONE})")


def add_settings(sub: argparse.ArgumentParser, methods: Sequence[str] = METHODS, activations: bool = True) -> None:
    """Options for every field of `Settings` except the weights' bits; with `activations` false, none for these."""
    sub.add_argument("--scheme", choices=SCHEMES, default="symmetric", help="grid of the weights")
    sub.add_argument("--per", metavar="tensor|channel|group:N", default="tensor", help="which weights share a scale")
    if activations:
        sub.add_argument("--activations", metavar=f"A|{NONE}", type=reader(whole_or_none),
                         help=f"bits of the activations: {BITS_OR_NONE} (default: {NONE})")
        sub.add_argument("--calibrate", choices=RANGES, default="minmax",
                         help="how the ranges of the activations are found; token finds one for each row at run time")
    add_prepare(sub)
    sub.add_argument("--method", choices=methods, default="round", help="how weights become codes")
    sub.add_argument("--clip", choices=CLIPS, default="minmax",
                     help="how the ranges of the weights are found: from all of them, or by least squares")
    sub.add_argument("--bias-correction", action="store_true", help="correct the biases for the mean error of rounding")
    sub.add_argument("--seed", type=int, default=1, help="seed of AdaRound, of stochastic rounding and of training")
    sub.add_argument("--reconstruction", choices=RECONSTRUCTIONS, default=RECONSTRUCTIONS[0],
                     help="the output that AdaRound aims at: on the quantised inputs, or the float32 network's own")


def settings_of(args: argparse.Namespace, bits: int | None = None, usual: Mapping[str, Any] = NOTHING) -> Settings:
    """The settings that the options ask for, with `bits`; an option without a default gets that of `usual`, or of
    `Settings`. ValueError for settings that do not go together."""
    asked = {field.name: getattr(args, field.name, None) for field in fields(Settings)} | {"bits": bits}
    settings = Settings(**{**usual, **{name: value for name, value in asked.items() if value is not None}})
    if settings.reconstruction != "symmetric" and settings.method != "adaround":
        raise ValueError(f"--reconstruction is a setting of AdaRound and has no effect on {settings.method}; "
                         "add --method adaround, or leave it out")
    if settings.prepare == "awq" and settings.per == "tensor" and settings.format == GRID:
        say(SHARED_GRID)
    return settings


def _given(args: argparse.Namespace) -> list[str]:
    """Options of a quantised network that are not at their defaults."""
    defaults = {**DEFAULTS, "bits": None, "rounding": ROUNDINGS[0]}
    return [option(name) for name, default in defaults.items() if getattr(args, name) != default]


def _as_it_is(args: argparse.Namespace, network: QuantizedNetwork) -> dict[str, Any]:
    """The settings of a network that was quantised when it was saved. ValueError if options contradict them."""
    tensors, activations = list(network.weights.tensors.values()), network.activations
    bits = tuple(tensor.bits for tensor in tensors)
    settings = Settings(bits[0] if len(set(bits)) == 1 else bits, per=str(tensors[0].grid.per), method="qat",
                        activations=activations["input"].bits if activations else None)
    own = asdict(settings) | {name: None for name in (*LEARNED, "seed")}
    asked = {name: getattr(args, name) for name, default in {**DEFAULTS, "bits": None}.items()
             if getattr(args, name) != default}
    if others := [f"{option(name)} {written(value)}" for name, value in asked.items() if value != own[name]]:
        has = ", ".join(f"{option(name)} {written(own[name])}" for name in ("bits", "per", "activations"))
        raise ValueError(f"{args.weights} is already quantised ({has}), so {', '.join(others)} cannot apply; "
                         "leave out what differs, or give float32 weights")
    return own


def quantised_as_asked(args: argparse.Namespace) -> tuple[Parameters | QuantizedNetwork, dict[str, Any]]:
    """The network of --weights, in float or quantised by the options, and the settings used. ValueError for options
    that would have no effect."""
    p = load_digits(args.weights)
    if isinstance(p, QuantizedNetwork):
        return p, _as_it_is(args, p)
    if args.format != GRID:
        check_choice(args.format, vars(args), {"bits": None})
    elif args.bits is None:
        if needless := _given(args):
            raise ValueError(f"without --bits the network stays float32, so {', '.join(needless)} would have no "
                             "effect; add --bits B")
        return p, {}
    settings = settings_of(args, args.bits)
    network = network_for(p, settings, args.data, progress, now_and_then("steps of rounding"), classes_of(args.weights))
    unused = (*(LEARNED if settings.method == "qat" else ()), *(OF_GRIDS if settings.format != GRID else ()),
              *(OWN if settings.method == HQQ else ()))
    return network, asdict(settings) | dict.fromkeys(unused)


def evaluate(args: argparse.Namespace) -> None:
    """Accuracy on a folder's images, in float or quantised as asked."""
    digits = mnist.load(args.data, args.split).among(classes_of(args.weights), args.weights.name)
    network, used = quantised_as_asked(args)
    result = {**used, **(measure_float(network, digits) if isinstance(network, Parameters)
                         else measure(network, digits, args.rounding))}
    if "note" in result:
        say(in_options(result["note"], vars(args)))
    wrong = mistakes(args, network, digits) if args.confusion else {}
    if wrong:
        result["mistakes"] = {name: found.told() for name, found in wrong.items()}
    bits = f"{result['bits_per_weight']:.4g}" if args.format != GRID or args.method == HQQ else result["bits"]
    show(result, args.json, f"{result['accuracy']:.2%} of {result['n']} images right, loss {result['loss']:.4f}; "
                            f"{bits} bits per weight, {result['bytes']:,} bytes, {result['arithmetic']}"
         + each_in_words(wrong))


def mistakes(args: argparse.Namespace, network: Parameters | QuantizedNetwork, digits: Digits) -> dict[str, Mistakes]:
    """The network's mistakes by name, after those of its float32 network, if the file has that."""
    p, names, found = load_digits(args.weights), digits.classes, {}
    if isinstance(p, Parameters):
        found["float32"] = Mistakes(answers(p, digits), digits.labels, names, digits.files)
    if isinstance(network, QuantizedNetwork):
        found["quantised"] = Mistakes(answers(network, digits, args.rounding), digits.labels, names, digits.files)
    return found
