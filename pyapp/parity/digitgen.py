"""What the check page compares of the generators: pixels, which have to be equal."""

import numpy as np

from pyapp.core.parameters import Parameters
from pyapp.core.rng import generator
from pyapp.digitgen.batch import NINE, Asked, Noise
from pyapp.digitgen.painter import Painter
from pyapp.digitgen.teacher import Router, decoder, hands, shapes


def digit_pixels() -> dict[str, np.ndarray]:
    """Nine pictures each of the mini decoder in float, with 3 bits and with mean pictures, and of a teacher with random
    weights in float and with 4 bits. (The trained teacher is only fetched for its own page.)"""
    asked = {"glyphs": Asked(), "glyphs, 3 bits": Asked(bits=3), "means, hot": Asked(2**32 - 4, 1.5, fields="means")}
    drawn = {name: wish.draw().pixels for name, wish in asked.items()}
    noise, p = Noise.of(np.arange(NINE, dtype=np.uint32)), untrained()
    return drawn | {f"teacher, {bits} bits": Painter(p, bits).draw(*noise).pixels for bits in (None, 4)}


def untrained() -> Parameters:
    """A teacher with random weights, whose pictures mean nothing."""
    p, rng = Parameters(shapes()), generator(1, "painter")
    for linear in [*Router().linears, hands(), *decoder().linears]:
        linear.initialise(p, rng)
    p["router.weight"][:] *= np.float32(10)
    return p
