"""Anomaly: an autoencoder learns a healthy machine, a stream runs, and windows that it cannot rebuild raise alarms."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from pyapp.data import motor
from pyapp.data.digits import DataError
from pyapp.data.importers import sensor_csv, source
from pyapp.data.recording import Recording
from pyapp.experiment.frame import Experiment, Frame, Outcome
from pyapp.experiment.params import Param, ParamError, Values
from pyapp.measure.anomaly import STEPS, Detector, Parts, Scored, rates, score, threshold, windows_with
from pyapp.measure.few_bits import WIDTHS, title
from pyapp.pages.base import controls, kept, own_network
from pyapp.pages.panels import anomaly as panels
from pyapp.store import StoreError

MOTOR, OWN = "motor", "own"
ARRAYS = "own."  # of a snapshot: the reader's recording
CHANNELS = 3  # of a recording that are drawn
BEFORE = 5  # windows' lengths that are drawn before the end of the current one
POINTS = 700  # of a drawn curve
KEPT = 16  # thresholds, with their alarms
SCORES = 1500  # that are drawn; of more, the highest of neighbours
RECEIVED = "{}: {:,} rows of {} are read here and sent nowhere. The first {:.0%} count as healthy; the rest streams."
NONE_YET = "No recording of your own is loaded; drop a CSV file on the page. Until then, the motor is shown."


class Page(Experiment):
    title = "Anomaly"
    summary = "A small network learns a healthy machine: see the faults it finds in float32 and with few bits."
    entry = "Your data"
    order = 86
    NEXT = ("keywords", "From vibrations to speech: which words does a network hear with few bits?")
    WORK, FILES, ACCEPTS, PANELS = "train", "Your recording", ".csv,.tsv,.txt", panels.PANELS
    LABELS = {"play": "Run the stream", "load": "Open a CSV file", "save": ""}  # noqa: RUF012 - as Experiment declares it
    BAR = "{bar}"
    RECORDED, REHEARSED = (), 0
    MAIN, ACTIONS = ("bits",), own_network.actions()
    GROUPS = (("Alarms", ("bits", "false_alarms", "limit")), ("Recording", ("recording", "columns", "width", "at")),
              ("The motor", ("noise", "drift", "seed")))
    PARAMS = (
        controls.bits(4, "Bits per weight of the quantised network; its activations have 8", label="Bits per weight"),
        Param("false_alarms", "False alarms", "float", 1.0, lo=0.1, hi=20.0, log=True, unit="%",
              doc="Share of held-out healthy windows that may lie above the threshold"),
        Param("limit", "Threshold", "choice", "own", choices=("own", "float"), widget="segments",
              titles={"own": "each network’s own", "float": "that of float32"},
              doc="Whether the quantised network gets a threshold from its own scores, or keeps that of float32"),
        Param("recording", "Recording", "choice", MOTOR, choices=(MOTOR, OWN), widget="segments", live=False,
              titles={MOTOR: "a motor", OWN: "your own"},
              doc="Recording to watch; for your own, drop a CSV file, one row per moment and one column per sensor"),
        Param("columns", "Columns", "text", "", hi=400, widget="line", live=False,
              doc="Names of the columns to learn from, separated by commas; leave empty for all"),
        Param("width", "Window", "choice", "64", choices=("32", "64", "128"), unit="rows", live=False,
              doc="Rows that the network sees at once"),
        Param("at", "Moment", "float", 6.0, lo=0, hi=1e6, step=0.1, widget="number",
              doc="Where in the stream the pictures are taken while it does not run; drag in the chart of scores"),
        Param("noise", "Noise", "float", 1.0, lo=0, hi=4, step=0.25, live=False,
              doc="Noise of the motor’s sensors, as a multiple of the usual one"),
        Param("drift", "Drift", "float", 1.0, lo=0, hi=4, step=0.25, live=False,
              doc="How far the motor’s speed and load wander, as a multiple of the usual range"),
        controls.seed("Decides the motor, its faults and the first weights", live=False),
    )

    def __init__(self, params: Values):
        super().__init__(params)
        self.brought: Recording | None = None
        self._begin()

    def _begin(self, strict: bool = False) -> None:
        """Start with nothing learned. With `strict`, DataError says why a reader's recording cannot be used."""
        self._said, self.faults = [], []
        own = self.brought if self.params["recording"] == OWN else None
        if own:
            try:
                self.parts = Parts(own.chosen(self.params["columns"]), int(self.params["width"]))
            except DataError as error:
                if strict:
                    raise
                own = None
                self._said = self.refuse("columns", ParamError("columns", str(error), "choose other columns"),
                                         "recording", "The motor is shown.")
        elif self.params["recording"] == OWN:
            self._said = [NONE_YET]
        if not own:
            made, self.faults = motor.stream(self.params["seed"], self.params["noise"], self.params["drift"])
            self.parts = Parts(made, int(self.params["width"]))
        self.detector = Detector(self.parts, self.params["seed"])
        self._scored: dict[int | None, Scored] = {}
        self._judged: dict[tuple, tuple[float, np.ndarray]] = {}
        self.step = 0
        self._heard: tuple[Any, np.ndarray, np.ndarray] | None = None

    def inherit(self, before: Experiment) -> None:
        if before.brought:
            self.brought = before.brought
            if self.params["recording"] == OWN:
                self._begin()

    def receive(self, data: bytes, name: str) -> list[str] | None:
        """Listen to a recording of the reader's. StoreError says why it cannot be used; then nothing is changed."""
        if data[:4] == source.ZIP:  # no text: `restore` says what it is
            return None
        state, before = dict(vars(self)), dict(self.params)
        try:
            self.brought = sensor_csv.read(data, name)
            self.params |= {"recording": OWN, "columns": "", "at": 0.0}
            self._begin(strict=True)
        except DataError as error:
            vars(self).update(state)
            self.params.update(before)
            raise StoreError(str(error)) from None
        rows, channels = self.brought.values.shape
        what = f"{channels} column{'s' * (channels > 1)}"
        return [RECEIVED.format(name, rows, what, self.parts.begins[1] / rows),
                kept.told(kept.of_recording(self.brought), "it"),
                *(f"{note[0].upper()}{note[1:]}." for note in self.brought.notes),
                *(f"Skipped {what}: {why}." for what, why in self.brought.skipped)]

    @property
    def bits(self) -> int:
        return self.params["bits"]

    @property
    def count(self) -> int:
        """How many windows the stream has."""
        return len(self.parts.stream[1])

    def steps(self) -> Iterator[Frame | None]:
        """The next window of the stream per item, rebuilt by both networks; first all that has to be learned."""
        yield from self.background()
        while self.step < self.count:
            self.step += 1
            self._hear(self.step - 1)
            yield Frame(self.step)

    def background(self) -> Iterator[None]:
        """Train, then score all windows: in float32, with the chosen bits, and with those of the table."""
        for _ in self.detector.train():
            yield None
        for bits in (None, self.bits, *WIDTHS):
            if bits not in self._scored:
                self._scored[bits] = self.detector.scored(bits)
                yield None

    def snapshot(self) -> dict[str, np.ndarray]:
        """How far the stream has run, and the reader's recording if it is small; all else is learned again, exactly."""
        own = kept.of_recording(self.brought) if self.brought else {}
        return {"windows": np.array(self.step), **{ARRAYS + name: array for name, array in own.items()}}

    def restore(self, arrays: dict[str, np.ndarray], name: str) -> list[str]:
        if "windows" not in arrays:
            raise StoreError(f"{name} holds no run of this page; open a CSV file with a column per sensor")
        if own := kept.under(ARRAYS, arrays):
            found = kept.recording(own, name)
            if not self.brought or not np.array_equal(found.values, self.brought.values):  # else all is known already
                self.brought = found
                self._begin()
        self.step = min(max(int(arrays["windows"]), 0), self.count)
        return []

    def _hear(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        """The window i as both networks rebuild it, (C·W,) each."""
        key = i, self.bits
        if not self._heard or self._heard[0] != key:
            x = self.parts.stream[0][i : i + 1]
            self._heard = key, *(self._scored[bits].rebuild(x)[0] for bits in (None, self.bits))
        return self._heard[1:]

    @property
    def ready(self) -> bool:
        """Whether both networks are trained and their scores are known."""
        return {None, self.bits} <= self._scored.keys()

    def judged(self, bits: int | None) -> tuple[float, np.ndarray]:
        """The threshold of a network, and which windows of the stream lie above it, bool (N,)."""
        key = bits, self.params["limit"], self.params["false_alarms"]
        if key not in self._judged:  # a frame asks for it in several places
            by = self._scored[None if self.params["limit"] == "float" else bits]
            limit = threshold(by.held_out, self.params["false_alarms"] / 100)
            self._judged = dict([*self._judged.items(), (key, (limit, self._scored[bits].alarms(limit)))][-KEPT:])
        return self._judged[key]

    def seconds(self, rows: np.ndarray) -> np.ndarray:
        """Rows of the recording as time in the stream."""
        return (rows - self.parts.begins[1]) / self.parts.recording.rate

    @property
    def shown(self) -> int:
        """The window whose pictures are drawn: the newest of a stream that runs, else the one at the moment."""
        if 0 < self.step < self.count:
            return self.step - 1
        return int(min(np.searchsorted(self.seconds(self.parts.stream[1]), self.params["at"]), self.count - 1))

    def frame(self) -> Frame:
        recording, ends = self.parts.recording, self.parts.stream[1]
        times, i = self.seconds(ends), self.shown
        running = 0 < self.step < self.count
        scalars = {
            "done": len(self.detector.losses), "of": STEPS, "training": not self.detector.trained, "ready": self.ready,
            "named": title(self.bits), "unit": recording.unit, "now": float(times[i]), "windows": self.count,
            "learned": len(self.parts.learned), "held_out": len(self.parts.held_out),
            "known": self.parts.faulty is not None, "name": recording.name, "inputs": self.parts.learned.shape[1],
            "channels": self._channels(i), "columns_there": recording.listed, "rows": [], "kinds": [],
            "ends": [float(times[0]), float(times[-1])], "marks": self._bands(),
            "at": int(np.searchsorted(self._places, i, side="right")) - 1,
            "bar": self._told() if self.ready else "learning what is healthy",
        }
        until = self.step if running else self.count
        arrays = {"times": times[self._places[self._places < until]].astype(np.float32)}
        if self.ready:
            found, drawn = self._found(i, until, times)
            scalars, arrays = scalars | found, arrays | drawn
        return Frame(self.step, scalars, arrays, list(self._said))

    @property
    def _places(self) -> np.ndarray:
        """The windows whose scores are drawn."""
        return np.arange(self.count)[:: -(-self.count // SCORES)]

    def _told(self) -> str:
        """The headline: what both networks hear."""
        sides = []
        for bits, role in ((None, "float"), (self.bits, "quant")):
            alarms = self.judged(bits)[1]
            if self.parts.faulty is None:
                sides.append(f"[{alarms.mean():.1%}](.{role})")
            else:
                sides.append(f"[{rates(alarms, self.parts.faulty)['detected'] or 0:.0%}](.{role})")
        return f"{'alarms' if self.parts.faulty is None else 'faulty windows found'} {' → '.join(sides)}"

    def _found(self, i: int, until: int, times: np.ndarray) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Scores and alarms of both networks in the first `until` windows, and the tables."""
        places, scalars, arrays = self._places[self._places < until], {}, {}
        for side, bits in (("float", None), ("quant", self.bits)):
            limit, alarms = self.judged(bits)
            now = float(score(self.parts.stream[0][i : i + 1], self._hear(i)[side == "quant"][None])[0])
            drawn = np.maximum.reduceat(self._scored[bits].stream[:until], places)
            arrays |= {f"score_{side}": drawn.astype(np.float32), "alarm_times": times[places[drawn > limit]],
                       "alarms": drawn[drawn > limit].astype(np.float32)}  # in the end those of the quantised network
            scalars |= {f"limit_{side}": limit, f"now_{side}": now, f"verdict_{side}": "alarm" if now > limit else "–",
                        f"alarms_{side}": int(alarms[:until].sum())}
        marks = [{"kind": "horizontal", "y": scalars["limit_quant"], "text": "threshold", "role": "quant"}]
        if self.params["limit"] == "own":
            marks.append({"kind": "horizontal", "y": scalars["limit_float"], "text": "", "role": "float"})
        return scalars | {"marks": [*self._bands(), *marks], "rows": self._rows(), "kinds": self._kinds()}, arrays

    def _channels(self, i: int) -> list[dict[str, Any]]:
        """Each channel's curve up to the end of the window i, and how both networks rebuild that window, in the units
        of the recording."""
        parts, recording = self.parts, self.parts.recording
        end = int(parts.stream[1][i])
        rows = np.arange(max(end - BEFORE * parts.width, 0), end)[:: max(1, BEFORE * parts.width // POINTS)]
        inside = np.arange(end - parts.width, end)
        rebuilt = [each.reshape(-1, parts.width) for each in self._hear(i)] if self.ready else []
        found = []
        for k, (name, mean, deviation) in enumerate(zip(recording.channels[:CHANNELS], *parts.normal, strict=False)):
            found.append({"name": name, "x": _short(self.seconds(rows)), "y": _short(recording.values[rows, k]),
                          "x_rebuilt": _short(self.seconds(inside)) if rebuilt else [],
                          **{side: _short(each[k] * deviation + mean) for side, each in zip(
                              ("float", "quant"), rebuilt or [np.empty((CHANNELS, 0))] * 2, strict=True)}})
        return found

    def _bands(self) -> list[dict[str, Any]]:
        """Where the recording is known to be faulty."""
        return [{"kind": "band", "x": low, "to": high}
                for low, high in self.parts.recording.faulty_after(self.parts.begins[1])]

    def _rows(self) -> list[dict[str, Any]]:
        """What networks of other bits find."""
        exact, rows = self.judged(None)[1], []
        for bits in (None, *sorted({*WIDTHS, self.bits} & self._scored.keys(), reverse=True)):
            limit, alarms = self.judged(bits)
            told = rates(alarms, self.parts.faulty) if self.parts.faulty is not None else {}
            rows.append({"name": title(bits), "key": bits or self.bits,
                         "bytes": self._scored[bits].nbytes, "limit": limit, "alarms": int(alarms.sum()),
                         "chosen": bits == self.bits, "changed": int((alarms != exact).sum()),
                         "detected": told.get("detected"), "false_alarms": told.get("false_alarms")})
        return rows

    def act(self, name: str, values: Values) -> Outcome:
        """Save the network as a file."""
        from pyapp.export.signals import of_detector  # here, because no page needs it to begin
        own = () if self.faults else ("columns", "width", "seed", "false_alarms")
        return own_network.exported(self, name, own, of_detector, self.detector, self.params["false_alarms"] / 100)

    def _kinds(self) -> list[dict[str, Any]]:
        """Of each kind of fault, the share of its windows that alarm."""
        sides = {side: self.judged(bits)[1] for side, bits in (("float", None), ("quant", self.bits))}
        return [{"name": kind, "doc": motor.WORDS[kind],
                 **{side: float(alarms[windows].mean()) for side, alarms in sides.items()}}
                for kind, windows in windows_with(self.faults, self.parts.stream[1], self.parts.width).items()]


def _short(values: np.ndarray) -> list[float]:
    """Numbers to draw, with as many digits as a picture shows."""
    return [float(f"{value:.4g}") for value in values.tolist()]
