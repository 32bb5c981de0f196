"""A batch of samples as it was asked for: seeds, temperature, which generator, which digit, how many bits."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, NamedTuple

import numpy as np

from pyapp.checkpoint import Contents
from pyapp.digitgen import mini, mulberry, strokes, teacher
from pyapp.digitgen.mini import Drawn, MiniDecoder
from pyapp.digitgen.painter import Painter, styles

MINI, TEACHER = GENERATORS = ("mini", "teacher")
GLYPHS, MEANS = FIELDS = ("glyphs", "means")
NINE = 9


@cache
def shipped(generator: str, fields: str = GLYPHS, bits: int | None = None) -> MiniDecoder | Painter:
    """A shipped generator, read and quantised once. ValueError if there is none of that name."""
    if generator == TEACHER:
        return Painter(_teacher(), bits)
    if generator != MINI or fields not in FIELDS:
        raise ValueError(f"the generator is {generator!r} with the fields {fields!r}; use {' or '.join(GENERATORS)}, "
                         f"with {' or '.join(FIELDS)}")
    return MiniDecoder(_student().routing, fields_of(fields), bits)


def saved(found: Contents, fields: str = GLYPHS, bits: int | None = None) -> MiniDecoder | Painter:
    """The generator in a file that `train generator` or `distill-digits` has saved. StoreError if there is none."""
    if found.network == "generator":
        return Painter(teacher.parameters(found), bits)
    student = mini.student(found)
    return MiniDecoder(student.routing, strokes.glyphs() if fields == GLYPHS else student.means, bits)


def fields_of(name: str) -> np.ndarray:
    """The ten pictures that the mini decoder blends, uint8 (10, 784): the glyphs, or the teacher's mean pictures."""
    return strokes.glyphs() if name == GLYPHS else _student().means


_teacher, _student = cache(teacher.load), cache(mini.load)


class Noise(NamedTuple):
    """The random numbers that a sample is made of."""

    u: np.ndarray  # float64 (B, 10): which digit
    style: np.ndarray  # float64 (B, 16): how it is written

    @classmethod
    def of(cls, seeds: np.ndarray) -> "Noise":
        return cls(mini.latents(seeds), styles(seeds))


@dataclass(frozen=True)
class Asked:
    """What is asked of a generator; the defaults are the page's."""

    seed: int = mulberry.DEFAULT_SEED
    temperature: float = mini.USUAL
    generator: str = MINI
    fields: str = GLYPHS
    digit: int | None = None
    bits: int | None = None
    count: int = NINE
    saved: Contents | None = None  # a generator in a file; None is the shipped one

    @property
    def seeds(self) -> np.ndarray:
        """One seed per picture, counted up from the first modulo 2³²: uint32 (count,)."""
        return ((self.seed + np.arange(self.count, dtype=np.int64)) % mulberry.WORDS).astype(np.uint32)

    @cached_property
    def _made(self) -> MiniDecoder | Painter:
        if self.saved is not None:
            return saved(self.saved, self.fields, self.bits)
        return shipped(self.generator, self.fields, self.bits)

    def draw(self, noise: Noise | None = None) -> Drawn:
        """The batch of these seeds, or of other `noise`."""
        noise = noise or Noise.of(self.seeds)
        return self._made.draw(noise.u, noise.style, mini.temperature_of(self.temperature), self.digit)

    def report(self, drawn: Drawn) -> dict[str, Any]:
        """The batch in words and numbers: what the JSON file holds."""
        noise, entropies = Noise.of(self.seeds), mini.entropy(drawn.coefficients)
        samples = [sample(int(seed), drawn, noise, float(entropies[i]), i) for i, seed in enumerate(self.seeds)]
        return {"seed": self.seed, "temperature": self.temperature, "generator": self.generator,
                "fields": self.fields if self.generator == MINI else None, "digit": self.digit, "bits": self.bits,
                "bytes": self._made.nbytes, "samples": samples}


def sample(seed: int, drawn: Drawn, noise: Noise, entropy: float, i: int) -> Mapping[str, Any]:
    """One picture: its coefficients to two decimals, and the exact latents that made it."""
    return {"seed": seed, "label": int(drawn.labels[i]),
            "coefficients": {f"d{k}": round(float(c), 2) for k, c in enumerate(drawn.coefficients[i])},
            "entropy": round(entropy, 6), "latent": noise.u[i].tolist(), "style": noise.style[i].tolist()}
