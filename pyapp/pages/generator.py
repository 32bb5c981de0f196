"""Digits from noise: a trained generator and the mini decoder that was distilled from it, in float and quantised."""

import json
import secrets
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import numpy as np

from pyapp import shipped, store
from pyapp.core.classes import TEN
from pyapp.digitgen import batch, measures, mini, mulberry, teacher
from pyapp.digitgen.batch import FIELDS, GENERATORS, MINI, NINE, TEACHER, Asked, Noise, fields_of
from pyapp.digitgen.mini import Drawn
from pyapp.digitgen.sheet import png, sheet
from pyapp.experiment.frame import Action, Experiment, Frame, Outcome
from pyapp.experiment.params import Param, Values, number
from pyapp.pages.base import controls
from pyapp.pages.panels import generator as panels

ANY = "any"
SAMPLES, PIECE = 1000, 100  # seeds 0 to 999 are judged, so many at a time
MOVE, STYLE_MOVE = 0.5, 1.5  # how far a latent, or a style number, is moved to see a neighbour
NEAREST = 5
SIDE = 28
TITLES = {MINI: "mini decoder", TEACHER: "teacher"}
FIELD_WORDS = ("glyphs that Python draws from strokes", "what the teacher writes for each digit on average")
SWAP_WORDS = ("Blend the teacher's means instead", "Blend the glyphs instead")
ALIKE = ("The digit was asked for, and the mini decoder has one picture of each: neither latents nor style change it.")
BETWEEN_DIGITS = ("A straight line from the picked picture's latents and style to those of another seed. See where "
                  "the digit changes: the teacher knows thin borders, so it writes one digit or the other; the mini "
                  "decoder blends all the way.")
BETWEEN_STYLES = ("The digit was asked for, so the latents do not count: a straight line from the picked picture's "
                  "style to that of another seed. See how the writing changes.")


class Page(Experiment):
    title = "Generator"
    summary = "Turn a seed and a temperature into digits, and see what few bits leave of them."
    order = 80
    NEXT = ("gestures", "Draw classes of your own, and a small network learns them while you draw.")
    WORK = "auto"
    BAR = "seed {seed:text}, {sure:percent:0} sure"
    PANELS = panels.PANELS
    GROUPS = (("The batch", ("seed", "temperature", "generator", "bits", "picked")),
              ("What is written", ("digit", "fields")), ("The walk", ("goal", "at")))
    MAIN = ("seed", "temperature")
    RECORDED = ()
    PARAMS = (
        Param("seed", "Seed", "text", str(mulberry.DEFAULT_SEED), hi=40, widget="line",
              doc="Seed of the first picture; the next ones count up. Any number or word works"),
        Param("generator", "Generator", "choice", MINI, choices=GENERATORS,
              doc="The mini decoder blends ten fields by ten coefficients; the teacher is the trained network"),
        controls.temperature(mini.USUAL, lo=mini.COOLEST, hi=mini.HOTTEST, step=mini.STEP, label="Temperature T", doc=
                             "Divides the logits of the ten digits before the softmax: low is sharp, high is mixed"),
        controls.bits_or_off("Bits of every weight matrix of both generators", label="Weights", unit="bits"),
        Param("fields", "Fields of mini", "choice", FIELDS[0], choices=FIELDS,
              doc="What the mini decoder blends: glyphs drawn from strokes, or what the teacher writes on average"),
        Param("digit", "Digit", "choice", ANY, choices=(ANY, *"0123456789"),
              doc="Digit to draw; with any, the latents decide. The seed decides how the teacher writes it"),
        Param("picked", "Picture", "int", 1, lo=1, hi=NINE, widget="number",
              doc="Which of the nine pictures is examined (1 = first): clicking a picture picks it"),
        Param("goal", "Walk to seed", "text", "2674", hi=40, widget="line",
              doc="Where the walk from this picture ends"),
        Param("at", "On the way", "float", 0.5, lo=0.0, hi=1.0, step=0.005, doc="How much of the walk is done"),
    )
    ACTIONS = (Action("random", "Random seed", "A seed at random"),
               Action("save-png", "Save PNG", "The nine pictures as one image"),
               Action("save-json", "Save latents", "Seeds, latents, styles and coefficients of the nine pictures"))

    def __init__(self, params: Values):
        super().__init__(params)
        batch.shipped(TEACHER)  # first: its weights may have to be fetched, and then the page is opened once more
        self._judged: dict[tuple, dict[str, Any]] = {}
        self._shown: Frame | None = None

    @property
    def bits(self) -> int | None:
        return number(self.params["bits"])

    def asked(self, **other: Any) -> Asked:
        """What the controls ask for, with `other` values in place of some."""
        digit = self.params["digit"]
        wish = {"seed": mulberry.seed_of(self.params["seed"])[0], "temperature": self.params["temperature"],
                "generator": self.params["generator"], "fields": self.params["fields"],
                "digit": number(digit), "bits": self.bits}
        return Asked(**{**wish, **other})

    def kinds(self) -> list[tuple[str, int | None]]:
        """Which generators stand side by side: each in float, and quantised where there are bits."""
        return [(generator, bits) for generator in (TEACHER, MINI) for bits in dict.fromkeys([None, self.bits])]

    def steps(self) -> Iterator[Frame | None]:
        """Judge a thousand samples of each of `kinds`, one piece per item; ends when all are judged."""
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
        return generator, self.params["fields"], bits, self.params["temperature"]

    def _agreement(self, generator: str, bits: int | None) -> float:
        """For what share of a thousand seeds this generator draws the digit that the float teacher draws."""
        u = mini.latents(np.arange(SAMPLES, dtype=np.uint32))
        return measures.agreement(batch.shipped(TEACHER), batch.shipped(generator, bits=bits), u)

    def change(self, name: str, value: Any) -> list[str]:
        self._shown = None
        return []

    def frame(self) -> Frame:
        if self._shown is None:
            self._shown = self._draw()
        judged = [self._verdict(*kind) for kind in self.kinds()]
        measuring = "Still being measured. " if any(row["read"] is None for row in judged) else ""
        counts = {"judged": judged, "measuring": measuring}
        return Frame(len(self._judged), self._shown.scalars | counts, self._shown.arrays)

    def _verdict(self, generator: str, bits: int | None) -> dict[str, Any]:
        return {"name": side(generator, bits), "title": title(generator, bits), "role": role(bits),
                **self._judged.get(self._key(generator, bits), {"read": None, "diversity": None, "agreement": None})}

    def _draw(self) -> Frame:
        """Everything that does not have to be counted."""
        asked, picked = self.asked(), self.params["picked"] - 1
        seed, note = mulberry.seed_of(self.params["seed"])
        sides = {side(*kind): self.asked(generator=kind[0], bits=kind[1]).draw() for kind in self.kinds()}
        chosen, exact = sides[side(asked.generator, asked.bits)], sides[side(asked.generator, None)]
        own = Noise(*(part[picked : picked + 1] for part in Noise.of(asked.seeds)))
        given, alike = asked.digit is not None, asked.digit is not None and asked.generator == MINI
        scalars = {
            "seed": seed, "seed_note": note, "next_seed": str((seed + NINE) % mulberry.WORDS), "alike": alike,
            "quantised": asked.bits is not None, "which": title(asked.generator, asked.bits), "role": role(asked.bits),
            "asked_words": given * f", asked for {asked.digit}" + alike * "; it has one picture of this digit",
            "picked": picked, "picked_number": picked + 1, "picked_seed": int(asked.seeds[picked]),
            "seeds": asked.seeds.tolist(),
            "picked_words": given * "; you asked for the digit, so the latents have no effect",
            "inks": f" In ink [float32](.float), in orange [{asked.bits} bits](.quant)." if asked.bits else "",
            "labels": chosen.labels.tolist(), "meant": int(chosen.labels[picked]),
            "routing": routing(exact.coefficients[picked], chosen.coefficients[picked], int(chosen.labels[picked])),
            "latent": own.u[0].tolist(), "entropy": float(mini.entropy(chosen.coefficients)[picked]),
            "sure": float(chosen.coefficients[picked].max()), "recipes": recipes(),
            "sides": {side(*kind): self._side(*kind, sides) for kind in self.kinds()},
        }
        arrays = {name: _pictures(drawn) for name, drawn in sides.items()} | {"sheet": _pictures(chosen)}
        for part in (self._walk(asked, own), self._neighbours(asked, own), self._real(chosen, picked), self._fields()):
            scalars, arrays = scalars | part.scalars, arrays | part.arrays
        return Frame(0, scalars, arrays)

    def _side(self, generator: str, bits: int | None, sides: Mapping[str, Drawn]) -> dict[str, Any]:
        """A generator in words, and the digits that it draws; lost are those where the float teacher draws another."""
        made = batch.shipped(generator, self.params["fields"], bits)
        labels, truth = sides[side(generator, bits)].labels.tolist(), sides[side(TEACHER, None)].labels.tolist()
        return {"title": title(generator, bits), "numbers": made.numbers, "bytes": made.nbytes, "labels": labels,
                "kept": ["kept" if one == other else "lost" for one, other in zip(labels, truth, strict=True)],
                "extra": " with its ten pictures" if generator == MINI else ""}

    def _walk(self, asked: Asked, own: Noise) -> Frame:
        """Nine pictures on a straight line through latents and style to the goal, and the one at the slider."""
        goal, note = mulberry.seed_of(self.params["goal"])
        end = Noise.of(np.array([goal], np.uint32))
        shares = np.append(np.linspace(0, 1, NINE, dtype=np.float64), self.params["at"])[:, None]
        drawn = asked.draw(Noise(*((1 - shares) * a + shares * b for a, b in zip(own, end, strict=True))))
        *labels, label = drawn.labels.tolist()
        here = [{**row, "share": row["exact"], "role": role(asked.bits)}
                for row in routing(drawn.coefficients[-1], drawn.coefficients[-1], label)]
        about = BETWEEN_DIGITS if asked.digit is None else ALIKE if asked.generator == MINI else BETWEEN_STYLES
        return Frame(0, {"goal": goal, "goal_note": note, "walk_labels": labels, "walk_label": label,
                         "walk_shares": shares[:-1, 0].tolist(), "walk_share": self.params["at"],
                         "walk_routing": here, "walk_about": about},
                     {"walk": _pictures(drawn)[:-1], "walk_at": _pictures(drawn)[-1:]})

    def _neighbours(self, asked: Asked, own: Noise) -> Frame:
        """The picked picture with one latent moved down, and up: ten pictures each. Where a digit is asked for the
        latents do not count, and one of the sixteen style numbers is moved."""
        if asked.digit is None:
            what, letter, size, move = "latent", "u", "ten", MOVE
            u, question = np.clip(_moved(own.u, MOVE), -1, 1), "Which of the ten numbers does the digit depend on?"
            noise = Noise(u, np.repeat(own.style, len(u), axis=0))
        else:
            what, letter, size, move = "style number", "s", "eight", STYLE_MOVE
            style, question = _moved(own.style, STYLE_MOVE), "What does each of the eight change?"
            noise = Noise(np.repeat(own.u, len(style), axis=0), style)
        drawn, n = asked.draw(noise), len(noise.u) // 2
        moves = [{"name": f"{what} {i} {word} {move}", "sign": f"{letter}{i}{sign}"}
                 for word, sign in (("less", "−"), ("plus", "+")) for i in range(n)]
        words = f"One {what} is moved by {move}: down in the upper row, up in the lower. {question}"
        return Frame(0, {"neighbour_labels": drawn.labels.tolist(), "moves": moves, "neighbours_size": size,
                         "neighbours_words": ALIKE if asked.digit is not None and asked.generator == MINI else words},
                     {"neighbours": _pictures(drawn)})

    def _real(self, chosen: Drawn, picked: int) -> Frame:
        """The real digits that are nearest to the picked picture."""
        digits = measures.shipped()
        rows, distances = measures.neighbours(chosen.pixels[picked], digits, NEAREST, _squares())
        scalars = {"real_labels": digits.labels[rows].tolist(), "real_distances": distances.tolist(),
                   "seen": int(measures.read(shipped.mlp(), chosen.pixels[picked : picked + 1])[0])}
        return Frame(0, scalars, {"real": digits.images[rows]})

    def _fields(self) -> Frame:
        """The ten pictures that the mini decoder blends."""
        name = self.params["fields"]
        i = FIELDS.index(name)
        return Frame(0, {"fields_words": FIELD_WORDS[i], "swap": FIELDS[1 - i], "swap_words": SWAP_WORDS[i],
                         "ten": list(TEN)}, {"fields": fields_of(name).reshape(-1, SIDE, SIDE)})

    def act(self, name: str, values: Values) -> Outcome:
        if name == "random":
            return Outcome(params={"seed": str(secrets.randbits(32))})
        asked, kind = self.asked(), name.removeprefix("save-")
        drawn = asked.draw()
        data = png(sheet(drawn.pixels)) if kind == "png" else json.dumps(asked.report(drawn), indent=1).encode()
        return Outcome(file=np.frombuffer(data, np.uint8), name=f"digits-{asked.generator}-{asked.seed}.{kind}")


@cache
def recipes() -> dict[str, Any]:
    """The measurements in the recipes of the weights."""
    return {name: store.recipe(path)["metrics"] for name, path in ((TEACHER, teacher.SHIPPED), (MINI, mini.SHIPPED))}


@cache
def _squares() -> np.ndarray:
    return measures.squares(measures.shipped())


def side(generator: str, bits: int | None) -> str:
    """A generator's name in the frame."""
    return f"{generator}_{'float' if bits is None else 'bits'}"


def title(generator: str, bits: int | None) -> str:
    return f"{TITLES[generator]}, {'float32' if bits is None else f'{bits} bits'}"


def role(bits: int | None) -> str:
    return "float" if bits is None else "quant"


def routing(exact: np.ndarray, rounded: np.ndarray, best: int) -> list[dict[str, Any]]:
    """A row for each of the ten coefficients."""
    return [{"name": f"d{k}", "exact": float(a), "rounded": float(b), "best": k == best}
            for k, (a, b) in enumerate(zip(exact, rounded, strict=True))]


def _moved(numbers: np.ndarray, by: float) -> np.ndarray:
    """(2 N, N): a row (1, N) with each of its numbers lowered in turn, then each raised."""
    moves = np.eye(numbers.shape[1], dtype=np.float64) * by
    return np.concatenate([numbers - moves, numbers + moves])


def _pictures(drawn: Drawn) -> np.ndarray:
    return drawn.pixels.reshape(-1, SIDE, SIDE)
