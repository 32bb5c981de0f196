"""The command that reads a picture file."""

import argparse
from typing import Any

import numpy as np

from pyapp.commands.common import BITS_OR_NONE, add_json, add_weights, command, reader, show
from pyapp.core.classes import TEN
from pyapp.core.losses import softmax
from pyapp.core.parameters import Parameters
from pyapp.data import drawing
from pyapp.data.importers.pictures import pixels_in
from pyapp.data.picture import PictureError
from pyapp.measure.measure import FLOAT_BITS, runnable
from pyapp.nets.mlp import MLP
from pyapp.quant.parameters import quantize_parameters
from pyapp.quantized.network import QuantizedNetwork
from pyapp.quantized.saved import classes_of, load_digits
from pyapp.sweep.grid import NONE, whole_or_none


def add(commands: Any) -> None:
    sub = command(commands, "predict", predict, "read the digit in a picture file")
    sub.add_argument("image", metavar="IMAGE", help="a picture of one digit, dark on light or light on dark")
    add_weights(sub)
    sub.add_argument("--bits", type=reader(whole_or_none), metavar=f"B|{NONE}",
                     help=f"bits per weight: {BITS_OR_NONE} (default: {NONE})")
    add_json(sub)


def predict(args: argparse.Namespace) -> None:
    """Read the digit in a picture file."""
    try:
        x = drawing.to_mnist(drawing.ink_of_picture(pixels_of(args.image)))
    except PictureError as error:
        raise ValueError(f"{args.image}: {error}") from None
    if x is None:
        raise ValueError(f"{args.image}: there is no ink in this picture; use one with a digit in it")
    model, p, bits = _reader(args)
    probabilities = softmax(model.forward(p, x.reshape(1, -1)))[0]
    digit, classes = int(probabilities.argmax()), classes_of(args.weights)
    named = {} if classes == TEN else {"class": classes[digit], "classes": list(classes)}
    result = {"digit": digit, **named, "confidence": float(probabilities[digit]), "bits": bits,
              "probabilities": [float(v) for v in probabilities]}
    show(result, args.json, f"{classes[digit]}  ({result['confidence']:.1%})")


def _reader(args: argparse.Namespace) -> tuple[Any, Parameters, int | list[int]]:
    """The network that reads the picture, its parameters, and the bits of its weights. ValueError if --bits differs
    from the bits of a network that is already quantised."""
    p = load_digits(args.weights)
    if isinstance(p, QuantizedNetwork):
        bits = [tensor.bits for tensor in p.weights.tensors.values()]
        if args.bits is not None and set(bits) != {args.bits}:
            has = ", ".join(map(str, sorted(set(bits))))
            raise ValueError(f"{args.weights} is already quantised to {has} bits, so --bits {args.bits} cannot apply; "
                             "leave it out, or give float32 weights")
        return runnable(p)[0], p.parameters, bits[0] if len(set(bits)) == 1 else bits
    if args.bits is not None:
        p = quantize_parameters(p, args.bits).parameters
    return MLP.of(p), p, args.bits or FLOAT_BITS


def pixels_of(path: str) -> np.ndarray:
    """The pixels of a picture file, see `pictures.pixels_in`."""
    with open(path, "rb") as file:
        return pixels_in(file, path)
