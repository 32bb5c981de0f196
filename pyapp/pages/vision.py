"""Vision: a Vision Transformer reads a drawing, in float and quantised, and shows where its heads look."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from pyapp import shipped, store
from pyapp.checkpoint import TRAINER, Contents, packed_json, unpacked_json
from pyapp.data import mnist
from pyapp.experiment.frame import Experiment, Frame, Outcome
from pyapp.experiment.params import Param, Values, number
from pyapp.measure.attention_logits import token_names
from pyapp.nets import vit
from pyapp.nets.vit import ViT, ViTSize, patches_of
from pyapp.pages.base import controls, export_buttons, mistakes, softmax_controls
from pyapp.pages.base.controls import OFF, usual_rates
from pyapp.pages.base.digit_input import Reader, said, told
from pyapp.pages.base.digits_training import BATCH, DIVERGED, SEED, SHIFT, SHOWN_AGAIN, DigitsTraining
from pyapp.pages.base.vision import CALIBRATION, Network, Pair, Pairs, colours, facts, pictures
from pyapp.pages.panels import vision as panels
from pyapp.quant.parameters import float_nbytes
from pyapp.quantized.transformer import TransformerSettings, quantize_vit
from pyapp.softmax.methods import METHODS

OWN, PRETRAINED, MEAN = "own", "pretrained", "mean"
PAGE = "page vision"
SIZES = {"small": ViTSize(patch=7, width=32, heads=4, blocks=2, hidden=64), "full": vit.SIZE}
JUDGED = 500  # held-out images that give the points of the curves, after each pass over the training images
EXPORTED = 100  # test images, at least, that are classified before a network is exported
SLIDERS = ("bits", "activations", "logit_bits")  # whose every position needs grids of its own
SCORES, JUDGED_LAST = ("float_accuracy", "quant_accuracy"), f"{TRAINER}judged"
FIRST = 18  # the held-out digit on the pad at the start
FLOAT_LOGITS = "Softmax method and shift have no effect on float32 logits; choose bits for the logits."
FROM_FILE = "{}: these are now your own weights; training starts from them at step 0"


class Page(Experiment):
    title = "Vision"
    summary = "Draw a digit, see where each head looks, and take bits away until the answer changes."
    entry = "Transformers"
    order = 60
    NEXT = ("encoder", "From pictures to sentences: who did what to whom, with few bits for attention.")
    WORK, FILES, PLAYS = "train", "Checkpoint", (("weights", OWN, SHOWN_AGAIN),)
    BAR = "step {step:count}, {headline}"
    GROUPS = (("Network", ("weights",)), ("Look at", ("layer", "head", "token")),
              ("Quantise", ("bits", "per", "activations", "logit_bits", "softmax", "logit_shift")),
              ("Train your own", ("size", "optimiser", "rate", "batch", "shift", "seed")), mistakes.GROUP)
    SHIPPED, PANELS = ("vit",), panels.PANELS
    IDLE = (controls.idle_in_float("per", by="bits", value=OFF, what="weights"),
            controls.idle_in_float("softmax", "logit_shift", by="logit_bits", value=OFF, what="logits"))
    ACTIONS = export_buttons.actions(export_buttons.VISION)
    MAIN = ("bits", "logit_bits")
    RECORDED, UNRECORDED = (), ("matrix", "matrix_quant", "matrix_error", "heads_error")
    PARAMS = (
        Param("weights", "Model", "choice", PRETRAINED, choices=(PRETRAINED, OWN),
              doc="The shipped network, trained on 55,000 other images, or the one that you train here"),
        Param("layer", "Layer", "int", 3, lo=1, hi=4, doc="Layer whose attention is shown (1 = first)"),
        Param("head", "Head", "choice", "1", choices=(*"1234", MEAN), widget="slider",
              doc="Head of that layer whose attention is shown (1 = first), or the mean of all heads"),
        Param("token", "Query token", "int", 0, lo=0, hi=49, widget="number",
              doc="0 is the class token, which the answer is read from; then the patches in reading order"),
        controls.bits_or_off("Bits of every weight matrix, position embeddings included", label="Weights",
                             default="8", unit="bits"),
        controls.per("channel", (8, 16, 32)),
        controls.bits_or_off("Bits of the inputs of matrix products", name="activations", label="Activations",
                             default="8", unit="bits"),
        controls.bits_or_off("Bits of the attention scores, before the softmax", name="logit_bits", label="Logits",
                             default="4", unit="bits"),
        softmax_controls.softmax(),
        softmax_controls.shift(name="logit_shift"),
        Param("size", "Own network", "choice", "small", choices=tuple(SIZES), live=False,
              doc="small: 16 patches, 2 layers, 32 wide, which learns in a minute; full: like the shipped one, which "
                  "takes about 16 times as long per step"),
        controls.optimiser("adam"),
        controls.rate(0.002, usual=usual_rates(adam=0.002)),
        BATCH, SHIFT, SEED, mistakes.CELL,
    )

    def __init__(self, params: Values):
        super().__init__(params)
        self._reader, self._slider = Reader(), SLIDERS[0]  # the slider that was moved last
        model = ViT(SIZES[params["size"]])
        self._begin(DigitsTraining(model, model.initial(params["seed"]), params))

    def _begin(self, training: DigitsTraining) -> None:
        self.training, self.trainer = training, training.trainer
        self._pairs_of: tuple[str, int] | None = None  # which network `pairs` has, and its step
        self._wrong: tuple = (None, None)  # see _mistakes
        self._judged: dict[str, float | None] = {}  # what the last pass over the training images came to

    @property
    def is_own(self) -> bool:
        return self.params["weights"] == OWN

    @property
    def model(self) -> ViT:
        """The shown network's shapes."""
        return self.trainer.model if self.is_own else ViT()

    @property
    def diverged(self) -> bool:
        return self.is_own and not np.isfinite(self.trainer.p.vector).all()

    @property
    def pairs(self) -> Pairs:
        """The shown network under all settings, made again when it has changed."""
        shown = self.params["weights"], self.trainer.steps if self.is_own else 0
        if shown != self._pairs_of:
            p = self.trainer.p if self.is_own else shipped.vit()
            self._pairs, self._pairs_of = Pairs(Network(ViT(self.model.size), p)), shown
        return self._pairs

    @property
    def pair(self) -> Pair:
        """The shown network float and quantised."""
        return self.pairs.under(self.settings())

    def settings(self, **other: str) -> TransformerSettings | None:
        """What is quantised, or None, with `other` values of some parameters. Method and shift have nothing to work on
        where the logits are float."""
        bits, activations, logits = (number((self.params | other)[name]) for name in SLIDERS)
        if not (bits or activations or logits):
            return None
        method, rule = (self.params["softmax"], self.params["logit_shift"]) if logits else ("exact", "none")
        return TransformerSettings(bits, per=self.params["per"], activations=activations, logit_bits=logits,
                                   softmax=method, shift=rule)

    def steps(self) -> Iterator[Frame | None]:
        """A training batch of the own network per item; after each epoch some held-out images, in pieces."""
        yield from self.training.steps(self._judge)

    def _judge(self) -> Iterator[dict | None]:
        if not self.is_own or self.diverged:
            return
        pair = self.pair
        while (count := pair.count).counted < JUDGED:
            count.go_on(min(pair.piece, JUDGED - count.counted))
            yield None
        scores = count.scores()
        self._judged = {name: scores[name] for name in SCORES}
        yield self._judged

    def change(self, name: str, value: Any) -> list[str]:
        self.training.obey(self.params, name)
        self._slider = name if name in SLIDERS else self._slider
        chosen = name in ("logit_bits", "softmax", "logit_shift")
        return [FLOAT_LOGITS] if chosen and self._in_vain() else []

    def _in_vain(self) -> bool:
        """Whether a method or a shift is chosen that has nothing to work on."""
        chosen = self.params["softmax"], self.params["logit_shift"]
        return self.params["logit_bits"] == OFF and chosen != ("exact", "none")

    def frame(self) -> Frame:
        p, size = self.trainer.p if self.is_own else shipped.vit(), self.model.size
        method = METHODS[self.params["softmax"]]
        scalars = {
            "epoch": self.trainer.epoch, **self.training.batch, **self._counted(),
            "judged_float": self._judged.get("float_accuracy"), "judged_quant": self._judged.get("quant_accuracy"),
            "judged": JUDGED, "held_out": len(mnist.shipped("test")[1]), "first": FIRST, **self._view(),
            "pretrained": not self.is_own, "heads": size.heads,
            "head_layers": [layer for layer in range(1, size.blocks + 1) for _ in range(size.heads)],
            "head_numbers": [str(head) for _ in range(size.blocks) for head in range(1, size.heads + 1)],
            "is_quantised": self.settings() is not None, "bytes_float": float_nbytes(p),
            "bytes_quant": None if self.diverged else self.pair.nbytes,
            "method": None if self.params["logit_bits"] == OFF else
                      {name: getattr(method, name) for name in ("title", "about", "breaks")},
        }
        filters = p["patch.weight"].reshape(-1, size.patch, size.patch)
        scalars["filter_limit"] = float(np.abs(filters).max())
        more, wrong = self._mistakes()
        return Frame(self.trainer.steps, scalars | more, {"filters": filters, **wrong},
                     [DIVERGED] if self.diverged else [])

    def _mistakes(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """The panel of mistakes, kept until the count goes on or another cell is picked."""
        exact, rounded = (None, None) if self.diverged else self.pair.count.mistakes()
        if self._wrong[0] != (key := (exact, rounded, self.params["cell"])):
            self._wrong = key, mistakes.shown(exact, rounded, mnist.shipped("test")[0], self.params["cell"])
        return self._wrong[1]

    def _place(self) -> tuple[int, int | None, int]:
        """Which layer, head (None: the mean) and token are shown: the chosen ones, or the nearest that there are."""
        size, chosen = self.model.size, self.params
        return min(chosen["layer"], size.blocks), number(chosen["head"]), min(chosen["token"], size.patches)

    def _view(self) -> dict[str, Any]:
        """The place that is shown, in words."""
        (layer, head, token), names = self._place(), token_names(self.model.size.patches)
        kept = head and (layer - 1) * self.model.size.heads + head - 1
        return {"layer": layer, "tokens": names, "token_numbers": [*range(len(names))], "head_kept": kept,
                "head_words": f"head {head}" if head else "mean of all heads",
                "looks_from": f"patch {names[token]}" if token else "the class token"}

    def _counted(self) -> dict[str, Any]:
        """How far the held-out images are counted; a network that has diverged is not."""
        if self.diverged:
            return {"counted": 0, "count_of": 0, "counted_words": "", "headline": "diverged",
                    **dict.fromkeys((*SCORES, "changed"))}
        n, total = (scores := self.pair.count.scores())["counted"], scores["count_of"]
        words = f"Counted on all {n:,}." if n == total else f"{n:,} of {total:,} counted so far."
        return {**scores, "changed": scores["changed"] if n else None, "counted_words": words,
                "headline": panels.COUNTED if n else "no image counted yet"}

    def background(self) -> Iterator[None]:
        """Make the networks of the slider's other positions, then count on with both; each setting has its count."""
        values = next(param.choices for param in self.PARAMS if param.name == self._slider)
        others = [] if self.diverged else [self.settings(**{self._slider: value}) for value in values]
        self.preparing = True
        yield from self.pairs.prepare(others, self.settings())
        self.preparing = False
        while not self.diverged and (count := self.pair.count).counted < len(count.labels):
            count.go_on(self.pair.piece)
            yield

    def predict(self, inputs: Mapping[str, Any]) -> Frame:
        """Read `strokes` (P, 3), an `image` uint8 (H, W), or the held-out digit number `index`."""
        x, label, note = (None, None, DIVERGED) if self.diverged else self._reader.read(inputs)
        nothing = Frame(self.trainer.steps, {"digit": None, "confidence": None}, {}, [note])
        return nothing if x is None else self._read(x, label)

    def _read(self, x: np.ndarray, label: int | None) -> Frame:
        (layer, head, token), tokens = self._place(), self._view()["tokens"]
        exact, rounded = (each and each.read(x) for each in (self.pair.exact, self.pair.quantised))
        p, q = exact.probabilities, rounded and rounded.probabilities
        place = layer - 1, head and head - 1, token
        arrays, limits = pictures(exact, rounded, *place)
        patch, n, names = self.model.size.patch, self.model.size.patches, tokens[1:]
        scalars = {"label": label, "limits": limits, **facts(exact, *place), "patch": patch, "n_patches": n,
                   "side": round(n**0.5), "numbers": list(range(1, n + 1)), "patch_names": names,
                   "tile_names": names * (len(arrays["heads"])), "marked": token - 1 if token else None,
                   "row_kept": [0, token, 0], "class_token": 0, "is_class": token == 0, "token_words":
                       f"Attention from token {token}, the patch at row.column {tokens[token]}." if token else
                       "Attention from the class token.",
                   "look_limits": colours(limits, "look"), "rollout_limits": colours(limits, "rollout"),
                   "and_quantised": "", "digit_words": said(p), "told": told(p, q, label)}
        arrays |= {"input": x, "patches": patches_of(x.reshape(1, -1), patch).reshape(-1, patch, patch),
                   "probabilities": p}
        if rounded:
            scalars |= {f"quant_{name}": value for name, value in facts(rounded, *place).items()}
            scalars |= {
                "quant_digit_words": said(q), "difference": float(np.abs(p - q).max()),
                "and_quantised": f" in float32 and [{scalars['quant_to_class']:.3f}](.quant) quantised"}
            arrays["probabilities_quant"] = q
        return Frame(self.trainer.steps, scalars, arrays)

    def act(self, name: str, values: Values) -> Outcome:
        """Export the network on show."""
        from pyapp.pages.base import exporting  # here, because no page needs it to begin
        if self.diverged:
            raise ValueError(DIVERGED.rstrip("."))
        settings, notes = exporting.vision_settings(name, self.settings() or TransformerSettings())
        rounded = settings if settings != TransformerSettings() else None
        pair = self.pair if rounded == self.settings() else self.pair.under(rounded)
        p = self.trainer.p if self.is_own else shipped.vit()
        network = quantize_vit(p, settings, mnist.calibration()[:CALIBRATION], self.model.size)
        while pair.count.counted < EXPORTED:
            pair.count.go_on(pair.piece)
        scores = pair.count.scores()
        accuracy = scores["quant_accuracy" if rounded else "float_accuracy"]
        source = exporting.own("vision", p) if self.is_own else exporting.shipped("vit")
        return exporting.exported(self, name, network, source, exporting.settings_of(settings),
                                  measured=exporting.told(accuracy, scores["counted"]), notes=notes)

    def snapshot(self) -> dict[str, np.ndarray]:
        """The own network, the state of its training, and the parameters as JSON bytes."""
        extra = {JUDGED_LAST: packed_json(self._judged)} if self._judged else {}
        return self.training.arrays(self.params, PAGE, heads=self.trainer.model.size.heads, extra=extra)

    def restore(self, arrays: Mapping[str, np.ndarray], name: str) -> list[str]:
        """A snapshot goes on exactly where it was; a file of weights alone starts a new training from them."""
        saved = Contents(arrays, name)
        model, p = vit.parameters(saved)
        size = next((size for size, numbers in SIZES.items() if numbers == model.size), None)
        if size is None:
            raise store.StoreError(f"{name} holds {saved.words}, {model.size}; this page has {SIZES}")
        goes_on = saved.under_way and saved.by == PAGE
        params = saved.params(self.PARAMS) if goes_on else self.params | {"size": size}
        if params["size"] != size:
            raise store.StoreError(f"{name}: its parameters say {params['size']}, but its weights are {size}")
        training = DigitsTraining(model, p, params)
        if goes_on:
            training.go_on(saved)
        judged = _judged(saved)
        self.params.update(params | {"weights": OWN})
        self._begin(training)
        self._judged = judged
        return [] if goes_on else [FROM_FILE.format(name)]


def _judged(saved: Contents) -> dict[str, float | None]:
    """What the last pass over the training images came to; nothing in older files. StoreError if it is not a number."""
    if JUDGED_LAST not in saved.arrays:
        return {}
    try:
        found = unpacked_json(saved.arrays[JUDGED_LAST])
        return {name: None if found[name] is None else min(max(float(found[name]), 0.0), 1.0) for name in SCORES}
    except (ValueError, KeyError, TypeError) as error:
        raise store.StoreError(f"{saved.name}: expected accuracies in {JUDGED_LAST} ({error})") from None
