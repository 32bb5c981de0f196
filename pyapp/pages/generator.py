"""Digits out of noise: a trained generator and the mini decoder that was distilled from it, in float and quantised."""

import json
import secrets
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import numpy as np

from pyapp import shipped, store
from pyapp.digitgen import batch, measures, mini, mulberry, teacher
from pyapp.digitgen.batch import FIELDS, GENERATORS, MINI, NINE, TEACHER, Asked, Noise, fields_of
from pyapp.digitgen.mini import Drawn
from pyapp.digitgen.sheet import png, sheet
from pyapp.experiment.frame import Experiment, Frame
from pyapp.experiment.params import Param, Value

OFF, ANY = "off", "any"
SAMPLES, PIECE = 1000, 100  # seeds 0 to 999 are judged, so many at a time
MOVE, STYLE_MOVE = 0.5, 1.5  # how far a latent, or a style number, is moved to see a neighbour
NEAREST = 5
SIDE = 28


class Page(Experiment):
    title = "Generator"
    summary = ("Turn a seed and a temperature into handwritten digits, by a trained network or by ten blended glyphs, "
               "and notice what the small one has kept of the large one, and what a few bits leave of both.")
    view = "generator"
    order = 70
    PARAMS = (
        Param("seed", "Seed", "text", str(mulberry.DEFAULT_SEED), hi=40, widget="line",
              doc="Seed of the first picture; the next ones count up. Any number or word works"),
        Param("generator", "Generator", "choice", MINI, choices=GENERATORS, widget="select",
              doc="mini blends ten fields by ten coefficients, teacher is the trained network"),
        Param("temperature", "Temperature T", "float", mini.USUAL, lo=mini.COOLEST, hi=mini.HOTTEST, step=mini.STEP,
              doc="Divides the logits of the ten digits before the softmax: low is sharp, high is mixed"),
        Param("bits", "Weights", "choice", OFF, choices=(*"2345678", OFF), unit="bits",
              doc="Of every weight matrix of both generators"),
        Param("fields", "Fields of mini", "choice", FIELDS[0], choices=FIELDS, widget="select",
              doc="What mini blends: glyphs drawn from strokes, or what the teacher writes on average"),
        Param("digit", "Digit", "choice", ANY, choices=(ANY, *"0123456789"), widget="select",
              doc="any lets the latents decide; of a digit that is asked for, the seed says how the teacher writes it"),
        Param("picked", "Picture", "int", 0, lo=0, hi=NINE - 1, step=1, widget="number",
              doc="Which of the nine is looked at, from 0: a click on a picture picks it"),
        Param("goal", "Walk to seed", "text", "2674", hi=40, widget="line",
              doc="Where the walk from this picture ends"),
        Param("at", "On the way", "float", 0.5, lo=0.0, hi=1.0, step=0.005, doc="Which share of the walk is done"),
    )

    def __init__(self, params: dict[str, Value]):
        super().__init__(params)
        batch.shipped(TEACHER)  # first: its weights may have to be fetched, and then the page is opened once more
        self._judged: dict[tuple, dict[str, Any]] = {}
        self._shown: Frame | None = None

    @property
    def bits(self) -> int | None:
        return None if self.params["bits"] == OFF else int(self.params["bits"])

    def asked(self, **other: Any) -> Asked:
        """What the controls ask for, some of it replaced."""
        digit = self.params["digit"]
        wish = {"seed": mulberry.seed_of(self.params["seed"])[0], "temperature": float(self.params["temperature"]),
                "generator": str(self.params["generator"]), "fields": str(self.params["fields"]),
                "digit": None if digit == ANY else int(digit), "bits": self.bits}
        return Asked(**{**wish, **other})

    def kinds(self) -> list[tuple[str, int | None]]:
        """Which generators stand side by side: each in float, and quantised where there are bits."""
        return [(generator, bits) for generator in (TEACHER, MINI) for bits in dict.fromkeys([None, self.bits])]

    def steps(self) -> Iterator[Frame | None]:
        """Judge a thousand samples of each of `kinds`, a piece an item; ends when all are judged."""
        for kind in self.kinds():
            key = self._key(*kind)
            if key in self._judged:
                continue
            parts = []
            for start in range(0, SAMPLES, PIECE):
                parts.append(Asked(start, float(key[-1]), kind[0], key[1], None, kind[1], PIECE).draw())
                yield None
            drawn = Drawn(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))
            self._judged[key] = measures.quality(drawn, shipped.mlp(), measures.shipped())
            self._judged[key]["agreement"] = self._agreement(kind[0], kind[1])
            yield Frame(len(self._judged))

    def _key(self, generator: str, bits: int | None) -> tuple:
        return generator, str(self.params["fields"]), bits, float(self.params["temperature"])

    def _agreement(self, generator: str, bits: int | None) -> float:
        """Of a thousand seeds, how often this generator means the digit that the teacher in float means."""
        u = mini.latents(np.arange(SAMPLES, dtype=np.uint32))
        return measures.agreement(batch.shipped(TEACHER), batch.shipped(generator, bits=bits), u)

    def change(self, name: str, value: Value) -> list[str]:
        self._shown = None
        return []

    def frame(self) -> Frame:
        if self._shown is None:
            self._shown = self._draw()
        counts = {"judged": [self._verdict(*kind) for kind in self.kinds()], "samples": SAMPLES}
        return Frame(len(self._judged), self._shown.scalars | counts, self._shown.arrays)

    def _verdict(self, generator: str, bits: int | None) -> dict[str, Any]:
        made = batch.shipped(generator, str(self.params["fields"]), bits)
        return {"generator": generator, "bits": bits, "bytes": made.nbytes, "numbers": made.numbers,
                **self._judged.get(self._key(generator, bits), {"read": None, "diversity": None, "agreement": None})}

    def _draw(self) -> Frame:
        """Everything that does not have to be counted."""
        asked, picked = self.asked(), int(self.params["picked"])
        seed, note = mulberry.seed_of(self.params["seed"])
        goal, goal_note = mulberry.seed_of(self.params["goal"])
        sides = {f"{generator}_{bits or 'float'}": self.asked(generator=generator, bits=bits).draw()
                 for generator, bits in self.kinds()}
        chosen = sides[f"{asked.generator}_{asked.bits or 'float'}"]
        exact = sides[f"{asked.generator}_float"]
        own = Noise(*(part[picked : picked + 1] for part in Noise.of(asked.seeds)))
        scalars = {
            "seed": seed, "seed_note": note, "next_seed": (seed + NINE) % mulberry.WORDS, "generator": asked.generator,
            "bits": asked.bits, "picked": picked, "seeds": asked.seeds.tolist(), "labels": chosen.labels.tolist(),
            "coefficients": chosen.coefficients[picked].tolist(), "exact": exact.coefficients[picked].tolist(),
            "latent": own.u[0].tolist(), "entropies": mini.entropy(chosen.coefficients).tolist(),
            "goal": goal, "goal_note": goal_note, "recipes": recipes(), "asked": asked.digit,
            "sides": {name: drawn.labels.tolist() for name, drawn in sides.items()},
        }
        arrays = {name: _pictures(drawn) for name, drawn in sides.items()} | {"sheet": _pictures(chosen)}
        for part in (self._walk(asked, own, goal), self._neighbours(asked, own), self._real(chosen, picked)):
            scalars, arrays = scalars | part.scalars, arrays | part.arrays
        return Frame(0, scalars, arrays | {"fields": self._fields()})

    def _walk(self, asked: Asked, own: Noise, goal: int) -> Frame:
        """Nine pictures on a straight line through latents and style to the goal, and the one at the slider."""
        end = Noise.of(np.array([goal], np.uint32))
        shares = np.append(np.linspace(0, 1, NINE, dtype=np.float64), float(self.params["at"]))[:, None]
        drawn = asked.draw(Noise(*((1 - shares) * a + shares * b for a, b in zip(own, end, strict=True))))
        return Frame(0, {"walk_labels": drawn.labels.tolist(), "walk_shares": shares[:, 0].tolist(),
                         "walk_coefficients": drawn.coefficients[-1].tolist()}, {"walk": _pictures(drawn)})

    def _neighbours(self, asked: Asked, own: Noise) -> Frame:
        """The picked picture with one latent moved down, and up: ten pictures each. Where a digit is asked for the
        latents do not count, and one of the sixteen style numbers is moved."""
        if asked.digit is None:
            move, u = MOVE, np.clip(_moved(own.u, MOVE), -1, 1)
            noise = Noise(u, np.repeat(own.style, len(u), axis=0))
        else:
            move, style = STYLE_MOVE, _moved(own.style, STYLE_MOVE)
            noise = Noise(np.repeat(own.u, len(style), axis=0), style)
        drawn = asked.draw(noise)
        return Frame(0, {"neighbour_labels": drawn.labels.tolist(), "move": move}, {"neighbours": _pictures(drawn)})

    def _real(self, chosen: Drawn, picked: int) -> Frame:
        """The real digits that are nearest to the picked picture."""
        digits = measures.shipped()
        rows, distances = measures.neighbours(chosen.pixels[picked], digits, NEAREST)
        scalars = {"real_labels": digits.labels[rows].tolist(), "real_distances": distances.tolist(),
                   "read": int(measures.read(shipped.mlp(), chosen.pixels[picked : picked + 1])[0])}
        return Frame(0, scalars, {"real": digits.images[rows]})

    def _fields(self) -> np.ndarray:
        """The ten pictures that the mini decoder blends."""
        return fields_of(str(self.params["fields"])).reshape(-1, SIDE, SIDE)

    def predict(self, inputs: Mapping[str, Any]) -> Frame:
        """`random`: a seed that nobody chose; `save`: the sheet as a "png" or its latents as "json", as a file."""
        if "random" in inputs:
            return Frame(0, {"seed": secrets.randbits(32)})
        if inputs.get("save") not in ("png", "json"):
            raise ValueError(f"{sorted(inputs)} is asked for; use random, or save with png or json")
        asked, kind = self.asked(), inputs["save"]
        drawn = asked.draw()
        data = png(sheet(drawn.pixels)) if kind == "png" else json.dumps(asked.report(drawn), indent=1).encode()
        name = f"digits-{asked.generator}-{asked.seed}.{kind}"
        return Frame(0, {"name": name}, {"file": np.frombuffer(data, np.uint8)})


@cache
def recipes() -> dict[str, Any]:
    """What was measured when the weights were made."""
    return {name: store.recipe(path)["metrics"] for name, path in ((TEACHER, teacher.SHIPPED), (MINI, mini.SHIPPED))}


def _moved(numbers: np.ndarray, by: float) -> np.ndarray:
    """A row (1, N) with one number after the other less, then more: (2 N, N)."""
    moves = np.eye(numbers.shape[1], dtype=np.float64) * by
    return np.concatenate([numbers - moves, numbers + moves])


def _pictures(drawn: Drawn) -> np.ndarray:
    return drawn.pixels.reshape(-1, SIDE, SIDE)
