"""The command that reads a picture file."""

import argparse
import warnings
from typing import Any

import numpy as np

from pyapp.commands.common import add_json, add_weights, command, show
from pyapp.core.losses import softmax
from pyapp.core.parameters import Parameters
from pyapp.data import drawing
from pyapp.data.picture import PictureError, check_size, too_large
from pyapp.models.measure import FLOAT_BITS, runnable
from pyapp.models.mlp import MLP
from pyapp.models.quantized import QuantizedNetwork
from pyapp.models.saved import load_digits
from pyapp.quant.parameters import quantize_parameters
from pyapp.quant.schemes import MAX_BITS, MIN_BITS


def add(commands: Any) -> None:
    sub = command(commands, "predict", predict, "read the digit in a picture file")
    sub.add_argument("image", metavar="IMAGE", help="a picture of one digit, dark on light or light on dark")
    add_weights(sub)
    sub.add_argument("--bits", type=int, metavar="B", help=f"quantise the weights to {MIN_BITS} to {MAX_BITS} bits")
    add_json(sub)


def predict(args: argparse.Namespace) -> None:
    """Read the digit in a picture file."""
    try:
        x = drawing.to_mnist(drawing.ink_of_picture(pixels_of(args.image)))
    except PictureError as error:
        raise ValueError(f"{args.image}: {error}") from None
    if x is None:
        raise ValueError(f"{args.image}: there is no ink in this picture")
    model, p, bits = _reader(args)
    probabilities = softmax(model.forward(p, x.reshape(1, -1)))[0]
    digit = int(probabilities.argmax())
    result = {"digit": digit, "confidence": float(probabilities[digit]), "bits": bits,
              "probabilities": [float(v) for v in probabilities]}
    show(result, args.json, f"{digit}  ({result['confidence']:.1%})")


def _reader(args: argparse.Namespace) -> tuple[Any, Parameters, int | list[int]]:
    """The network that reads, its parameters, and the bits of its weights. ValueError for bits that a network which is
    quantised already does not have."""
    p = load_digits(args.weights)
    if isinstance(p, QuantizedNetwork):
        bits = [tensor.bits for tensor in p.weights.tensors.values()]
        if args.bits is not None and set(bits) != {args.bits}:
            has = ", ".join(map(str, sorted(set(bits))))
            raise ValueError(f"{args.weights} is quantised already, to {has} bits, and --bits {args.bits} would make "
                             "something else of it; leave that out, or give float weights")
        return runnable(p)[0], p.parameters, bits[0] if len(set(bits)) == 1 else bits
    if args.bits is not None:
        p = quantize_parameters(p, args.bits).parameters
    return MLP.of(p), p, args.bits or FLOAT_BITS


def pixels_of(path: str) -> np.ndarray:
    """The picture in a file as its maker meant it to be held: (H, W) grey, deep ones as integers or floats, or colours
    with or without alpha, (H, W, 2 to 4). Of several frames the first."""
    try:  # only this command needs Pillow, and the page does not ship it
        from PIL import Image, ImageOps
    except ModuleNotFoundError:
        raise ValueError("reading a picture file needs Pillow: pip install pillow, or install Bitladder with its "
                         "pictures: pip install \"bitladder[pictures]\"") from None
    with open(path, "rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what matters is refused below; a damaged remark in a file does not
        try:
            with Image.open(file) as picture:
                check_size(picture.height, picture.width)
                return np.asarray(_plain(ImageOps.exif_transpose(picture)))
        except Image.DecompressionBombError:
            raise PictureError(too_large()) from None
        except PictureError:
            raise
        except Exception as error:  # a damaged file makes Pillow raise whatever its decoder stumbled on
            raise ValueError(f"{path}: expected a picture such as a PNG, found something else ({error})") from None


def _plain(picture: Any) -> Any:
    """A picture whose values are grey or RGB, with alpha where it has transparency."""
    if picture.mode in ("L", "RGB") and "transparency" not in picture.info:
        return picture
    if picture.mode in ("LA", "RGBA", "I", "F") or picture.mode.startswith("I;16"):
        return picture
    return picture.convert("RGBA" if picture.has_transparency_data else "RGB")
