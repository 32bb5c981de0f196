"""Keywords: a small network learns made words from their log-mel features; float32 and few bits hear them."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from pyapp.core.rng import generator
from pyapp.data import mel, speech
from pyapp.data.digits import DataError
from pyapp.data.importers import sounds, source, wav
from pyapp.data.importers.sounds import Sounds
from pyapp.data.importers.wav import Sound
from pyapp.data.speech import RATE
from pyapp.experiment.frame import Action, Experiment, Frame, Outcome
from pyapp.experiment.params import Param, Values
from pyapp.measure.few_bits import WIDTHS, title
from pyapp.measure.keywords import Network, Spotter, one_second
from pyapp.measure.mistakes import Mistakes
from pyapp.pages.base import controls, mistakes, own_network
from pyapp.pages.base.kept import OwnSounds, told, under
from pyapp.pages.panels import keywords as panels
from pyapp.store import StoreError

MADE, OWN = "made", "own"
TAKES = 12  # of a word that can be heard
POINTS = 400  # of the drawn wave
MOST = 2000  # sounds that a page learns from
LEARN, HEAR, FIRST = "learn.", "hear.", "first"  # of a snapshot; FIRST: whether the first of LEARN is heard
HEARD = "{} is heard here and sent nowhere: {:.2f} s at {:,} samples per second."
LEARNED = "{}: {:,} sounds of {} classes are read here and sent nowhere; the network learns them now."
NONE_YET = "No sounds of your own are loaded; drop a zip file of WAV files in folders. Until then, made words are used."


class Page(Experiment):
    title = "Keywords"
    summary = "A small network tells six words apart: take bits away until it no longer does."
    entry = "Your data"
    order = 87
    NEXT = ("check", "The same seed gives the same words everywhere: let your browser prove it.")
    WORK, FILES, ACCEPTS, PANELS = "auto", "Your sounds", ".wav,.zip", panels.PANELS
    RESUMES = False  # the network is learned again
    LABELS = {"load": "Open WAV or zip", "record": "Record two seconds"}  # noqa: RUF012 - as Experiment declares it
    BAR = "{bar}"
    RECORDED, REHEARSED = (), 100_000
    MAIN = ("bits", "word")
    ACTIONS = (Action("wav", "Save as WAV", "Save the sound that is heard, so that you can play it"),
               *own_network.actions())
    GROUPS = (("Network", ("bits", "sounds", "seed")), ("Sound", ("word", "take", "decibels")), mistakes.GROUP)
    PARAMS = (
        controls.bits(4, "Bits per weight of the quantised network; its activations have 8", label="Bits per weight"),
        Param("word", "Word", "choice", "yes", choices=speech.CLASSES, live=True,
              doc="The word to recognise; “other” is a random sequence of phones, “noise” has no word"),
        Param("take", "Speaker", "int", 1, lo=1, hi=TAKES, live=True,
              doc="Who says the word: each speaker has another voice and speed; the network learned from none of them"),
        Param("decibels", "Signal to noise", "float", 20.0, lo=-10, hi=40, step=1, unit="dB", live=True,
              doc="Level of the word above the noise; the network was trained with 8 to 30 dB"),
        Param("sounds", "Sounds", "choice", MADE, choices=(MADE, OWN), widget="segments", live=False,
              titles={MADE: "made words", OWN: "your own"},
              doc="Sounds to learn; for your own, drop a zip file of WAV files in folders named by class"),
        controls.seed("Decides all made words and the first weights", live=False),
        mistakes.CELL,
    )

    def __init__(self, params: Values):
        super().__init__(params)
        self.own: OwnSounds | None = None  # of the reader's, to learn from
        self.given: OwnSounds | None = None  # of which the first is heard
        self._now: tuple[tuple, np.ndarray, np.ndarray] | None = None
        self._begin()

    @property
    def brought(self) -> bool:
        """Whether there are sounds of the reader's, which a session has to hold."""
        return bool(self.own or self.given)

    def _begin(self) -> None:
        own = self.own.sounds if self.own and self.params["sounds"] == OWN else None
        self._said = [NONE_YET] if self.params["sounds"] == OWN and not own else []
        self.spotter = Spotter(self.params["seed"], own)
        self.networks: dict[int | None, Network] = {}
        self.answers: dict[int | None, Mistakes] = {}  # on the held-out sounds
        self.step = 0

    def inherit(self, before: Experiment) -> None:
        self.own, self.given = before.own, before.given
        if self.params["sounds"] == OWN:
            self._begin()

    def receive(self, data: bytes, name: str) -> list[str] | None:
        """Hear a WAV file, or learn the classes of a zip file. StoreError says why neither can be done."""
        if name.lower().endswith(".npz"):
            return None
        try:
            if data[:4] == source.ZIP:
                found = sounds.read(source.of_bytes(data, name))
                if len(found.sounds) > MOST:
                    raise DataError(f"{name} has {len(found.sounds):,} sounds; the page learns from at most {MOST:,}: "
                                    "use a part of them, or the command keywords")
                Spotter(self.params["seed"], found)
                self.own = self.given = OwnSounds(found)
                self.params["sounds"] = OWN
                self._begin()
                skipped = [f"Skipped {file}: {why}." for file, why in found.skipped[:9]]
                learned = LEARNED.format(name, len(found.sounds), len(found.classes))
                return [learned, told(self.own.arrays, "them"), *skipped]
            sound = wav.read(data, name)
        except DataError as error:
            raise StoreError(str(error)) from None
        self.given = OwnSounds(Sounds(name, [sound], [""], [name], (), ()))
        return [HEARD.format(name, sound.seconds, sound.rate), told(self.given.arrays, "it"),
                *(f"{note[0].upper()}{note[1:]}." for note in sound.notes)]

    def snapshot(self) -> dict[str, np.ndarray]:
        """The reader's sounds, if they are small; all else is made or learned again, with the same bits."""
        first = self.own is not None and self.given is self.own
        parts = ((LEARN, self.own), (HEAR, None if first else self.given))
        return {FIRST: np.array(first, np.uint8), **{prefix + name: array for prefix, own in parts if own
                                                     for name, array in own.arrays.items()}}

    def restore(self, arrays: dict[str, np.ndarray], name: str) -> list[str]:
        if FIRST not in arrays:
            raise StoreError(f"{name} holds no sounds; open a WAV file or a zip file of WAV files in folders")
        own, given = (OwnSounds.of(found, name) if (found := under(prefix, arrays)) else None
                      for prefix in (LEARN, HEAR))
        if own:
            Spotter(self.params["seed"], own.sounds)  # which says whether they can be learned
        self.own, self.given = own, own if arrays[FIRST].any() else given
        self._begin()
        return []

    def change(self, name: str, value: Any) -> list[str]:
        if name in ("word", "take", "decibels"):
            self.given = None
        return []

    def steps(self) -> Iterator[Frame | None]:
        """Sounds are made, then learned, then heard with float32 weights, the chosen bits, and those of the table."""
        for _ in self.spotter.prepare():
            yield self._done()
        for loss in self.spotter.train():
            yield self._done(loss=loss)
        for bits in (None, self.params["bits"], *WIDTHS):
            if bits not in self.answers:
                self._network(bits)
                self.answers[bits] = self.networks[bits].mistakes(*self.spotter.held_out, self.spotter.files)
                yield self._done()

    def _done(self, **scalars: float) -> Frame:
        self.step += 1
        return Frame(self.step, scalars)

    def _network(self, bits: int | None) -> Network:
        if bits not in self.networks:
            self.networks[bits] = self.spotter.network(bits)
        return self.networks[bits]

    def heard(self) -> Sound:
        """The sound that the network hears: the reader's, or a made one that was not learned from."""
        if self.given:
            return self.given.sounds.sounds[0]
        p = self.params
        rng = generator(p["seed"], f"heard {p['word']} {p['take']}")
        return Sound(speech.word(p["word"], rng, p["decibels"]), RATE)

    def _second(self) -> tuple[np.ndarray, np.ndarray]:
        """The second of the sound that the network reads, and its features; computed once, shown in every frame."""
        key = self.given, *(self.params[name] for name in ("word", "take", "decibels"))
        if self._now is None or self._now[0] != key:
            x = one_second(self.heard())
            self._now = key, x, mel.log_mel(x, RATE)
        return self._now[1:]

    def frame(self) -> Frame:
        spotter, (x, features) = self.spotter, self._second()
        above = np.maximum(features - np.median(features), 0)
        parts = np.array_split(x, POINTS // 2)
        scalars = {
            "done": spotter.prepared + len(spotter.losses), "of": spotter.total + spotter.steps,
            "working": not spotter.trained, "ready": bool(spotter.trained), "named": title(self.params["bits"]),
            "classes": list(spotter.classes), "sounds_there": spotter.total, "rows": self._rows(),
            "limit": round(float(above.max()), 6), "full": 1.0, "bands": mel.BANDS,
            "wave_ends": [-1.0, 1.0], "bar": "learning", "verdict": "The network is still learning.",
            "frequencies": [round(float(each)) for each in mel.hertz(np.linspace(
                mel.mel(mel.LOWEST), mel.mel(RATE / 2), mel.BANDS + 2))[1:-1]][::-1],
            "milliseconds": [round(1000 * (i * mel.HOP + mel.FRAME / 2) / RATE) for i in range(len(features))]}
        arrays = {"wave_time": np.repeat(np.arange(len(parts)) / len(parts), 2).astype(np.float32),
                  "wave": np.array([end for part in parts for end in (part.min(), part.max())], np.float32),
                  "mel": np.ascontiguousarray(above.T[::-1]).astype(np.float32)}
        if spotter.trained:
            row, says = spotter.features(x), {}
            for side, bits in (("float", None), ("quant", self.params["bits"])):
                p = self._network(bits).probabilities(row)[0]
                arrays[f"p_{side}"] = p.astype(np.float32)
                says[side] = f"{spotter.classes[int(p.argmax())]} ({p.max():.0%})"
            said = ("the first of your sounds" if self.given is self.own else self.given.sounds.name
                    ) if self.given else f"“{self.params['word']}”"
            scalars["verdict"] = (f"Said: {said}. Float32 hears **{says['float']}**, {scalars['named']} hear "
                                  f"**{says['quant']}**.")
            if {None, self.params["bits"]} <= self.answers.keys():
                exact, rounded = (self.answers[bits].right.mean() for bits in (None, self.params["bits"]))
                scalars["bar"] = f"held-out words right [{exact:.0%}](.float) → [{rounded:.0%}](.quant)"
        wrong, pictures = self._mistakes()
        return Frame(self.step, scalars | wrong, arrays | pictures, list(self._said))

    def _mistakes(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """The panel of mistakes, as soon as both networks have heard the held-out sounds."""
        there = {None, self.params["bits"]} <= self.answers.keys()
        exact, rounded = (self.answers[bits] if there else None for bits in (None, self.params["bits"]))
        pictures = self.spotter.pictures if there else np.empty((0, 1, 1))
        return mistakes.shown(exact, rounded, pictures, self.params["cell"], "sound")

    def _rows(self) -> list[dict[str, Any]]:
        """Accuracies on the held-out sounds of networks with other bits."""
        there = [None, *sorted({*WIDTHS, self.params["bits"]}, reverse=True)]
        return [{"name": title(bits), "key": bits or self.params["bits"],
                 "bytes": self.networks[bits].nbytes, "accuracy": float(self.answers[bits].right.mean()),
                 "chosen": bits == self.params["bits"], "held_out": len(self.answers[bits].labels),
                 "changed": int((self.answers[bits].predictions != self.answers[None].predictions).sum())}
                for bits in there if bits in self.answers and None in self.answers]

    def act(self, name: str, values: Values) -> Outcome:
        """Save the sound that is heard, or the network, as a file."""
        if name != "wav":
            from pyapp.export.signals import of_spotter  # here, because no page needs it to begin
            own = ("seed",) if self.spotter.own else ()
            return own_network.exported(self, name, own, of_spotter, self.spotter)
        file = wav.written(self._second()[0], RATE)
        return Outcome(file=np.frombuffer(file, np.uint8), name="heard.wav")
