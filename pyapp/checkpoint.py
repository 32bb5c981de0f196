"""Checkpoints: .npz or .safetensors files that say what they hold, so that every command and page can tell what to do
with one.

    about         uint8     JSON: format, version, network, sizes (of a digits network also the activation, where it is
                            not ReLU), by (what wrote the file), scheme (bits of a quantised network, else null),
                            classes (their names, where they are not the ten digits)
    layer1.weight, ...      the network's parameters, float32 or float16; of a packed network its codes and grids, see
                            pyapp/quantized/packed.py
    vocabulary    int32     the code points of a GPT's characters, or of an encoder's pieces with line feeds between
    trainer.*               the rest of the training state, if training can resume from the file
    start.*                 the parameters that quantisation-aware training started from
    params        uint8     JSON: the parameters of the page that saved it
    recipe, data  uint8     JSON, text: of a long training, see pyapp/training/resumable.py
    normal.*, proof.*, manifest    of an export, see pyapp/export/arrays.py

Files from before version 1 have no `about`: they are recognised by the names of their arrays, and their sizes by the
arrays' shapes. A description that contradicts the arrays is refused, and reading a file cannot run code.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from pyapp import files, store
from pyapp.core.clamps import CLAMPS, RELU
from pyapp.core.classes import TEN, are_names
from pyapp.core.parameters import Parameters, Shapes
from pyapp.experiment.params import Param, Values, number, parse_all
from pyapp.recognised import FLAT, NETWORKS, known, shapes_of, sizes_of, strange
from pyapp.store import ABOUT, StoreError

FORMAT, VERSION = "bitladder checkpoint", 1
TRAINER, START, NORMAL, PROOF = "trainer.", "start.", "normal.", "proof."  # prefixes; the last two of an export
PARAMS, VOCABULARY, RECIPE, DATA, MANIFEST = "params", "vocabulary", "recipe", "data", "manifest"
BESIDE = (ABOUT, PARAMS, VOCABULARY, RECIPE, DATA, MANIFEST)  # arrays that are not parameters


def described(arrays: Mapping[str, np.ndarray], by: str, heads: int | None = None,
              scheme: Mapping[str, Any] | None = None, classes: Sequence[str] = TEN,
              activation: str = RELU) -> dict[str, np.ndarray]:
    """The arrays with a description of them. `by` is the command or "page NAME" that saves them; `heads` counts a
    transformer's heads; `scheme` is that of quantisation-aware training: bits, activations, per, estimator;
    `activation` is that of a digits network's parameters."""
    network = _network(arrays)
    about = {"format": FORMAT, "version": VERSION, "network": network, "by": by, "scheme": scheme,
             "sizes": sizes_of(network, shapes_of(arrays), heads, len(classes), activation)}
    about |= {} if tuple(classes) == TEN else {"classes": list(classes)}
    return {ABOUT: packed_json(about), **arrays}


def training(p: Parameters, state: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays of an unfinished training: the parameters and the rest of its state."""
    return {**store.arrays_of(p), **{TRAINER + name: array for name, array in state.items()}}


def packed_json(value: Any) -> np.ndarray:
    """Plain data as the uint8 bytes of its JSON."""
    return np.frombuffer(json.dumps(value).encode(), np.uint8)


def unpacked_json(array: np.ndarray) -> Any:
    """Decode the JSON in an array of uint8. ValueError if it is not JSON."""
    if array.dtype != np.uint8 or array.ndim != 1:
        raise ValueError(f"expected JSON as uint8 (n,), found {array.dtype} {array.shape}")
    return files.json_of(array.tobytes())


def load(path: str | Path) -> "Contents":
    """Read a file and recognise what it holds. StoreError says why it cannot be read."""
    return Contents(store.load(path, lambda arrays: refuse_foreign(arrays, str(path))), str(path))


def refuse_foreign(arrays: Mapping[str, np.ndarray], name: str) -> None:
    """StoreError if names alone say that arrays, or their outline, are those of no network here."""
    if not (known(arrays) or {ABOUT, FLAT} & set(arrays)):
        raise StoreError(strange(arrays, name, ValueError()))


class Contents:
    """What a checkpoint holds: the name of its `network` in NETWORKS, its `sizes`, the command or page it was saved
    `by`, and for quantisation-aware training the `scheme`. StoreError if the arrays are not those of a known network,
    or contradict their description."""

    def __init__(self, arrays: Mapping[str, np.ndarray], name: str):
        self.arrays, self.name = arrays, name
        about = self._about() if ABOUT in arrays else None
        stated = about["sizes"] if about else {}
        self.activation = self._activation(stated)
        try:
            self.network = _network(arrays)
            self.classes = tuple((about or {}).get("classes", TEN))
            self.sizes = sizes_of(self.network, shapes_of(arrays), stated.get("heads"), len(self.classes),
                                  self.activation)
            self.by = about["by"] if about else self._writer()
            self.scheme = about["scheme"] if about else self._older_scheme()
            self.words = self._words()
        except (ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError, RecursionError) as error:
            raise StoreError(strange(arrays, name, error)) from None
        if about and (about["network"], about["sizes"]) != (self.network, self.sizes):
            raise StoreError(f"{name} says that it holds {about['network']} {about['sizes']}, but its arrays are "
                             f"{self.network} {self.sizes}: the file is damaged; save it again")

    def _about(self) -> dict[str, Any]:
        try:
            about = unpacked_json(self.arrays[ABOUT])
            if about["format"] != FORMAT:
                raise ValueError(f"the format is {str(about['format'])[:40]!r}")
            version = about["version"]
            fits = (version == VERSION and isinstance(about["network"], str) and isinstance(about["sizes"], dict)
                    and isinstance(about["by"], str) and len(about["by"]) <= 60 and about["by"].isprintable()
                    and isinstance(about["scheme"], dict | None) and are_names(about.get("classes", TEN)))
            if type(version) is not int or (version == VERSION and not fits):
                raise ValueError("a field is missing or invalid")
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise StoreError(f"{self.name}: expected a description of the file in its array {ABOUT}, found none that "
                             f"can be read ({error}); save it again") from None
        if version != VERSION:
            raise StoreError(f"{self.name} is a checkpoint of version {version}, but this Bitladder reads version "
                             f"{VERSION}; open it with a newer Bitladder")
        return about

    def _activation(self, sizes: Mapping[str, Any]) -> str:
        """What stands between the layers of a digits network; ReLU where the file does not say."""
        named = sizes.get("activation", RELU)
        if not isinstance(named, str) or named not in CLAMPS:
            raise StoreError(f"{self.name} has the activation {str(named)[:40]!r} between its layers; this Bitladder "
                             f"has {', '.join(CLAMPS)}: open it with a newer one, or train with one of these")
        return named

    def _writer(self) -> str:
        """For an older file, the page that saved it, or "" if it was not a page."""
        pages = {"mlp": "qat" if self.under(START) else "digits", "vit": "vision", "gpt": "learn"}
        return f"page {pages[self.network]}" if PARAMS in self.arrays else ""

    def _older_scheme(self) -> dict[str, Any] | None:
        """For an older file of the page qat, the scheme that its parameters describe."""
        if self.by != "page qat":
            return None
        params = unpacked_json(self.arrays[PARAMS])
        return {"bits": params["bits"], "activations": number(params["activations"]), "per": params["per"],
                "estimator": params["estimator"]}

    @property
    def packed(self) -> bool:
        """Whether the weights are stored as codes."""
        return any(key.endswith(".codes") for key in self.arrays)

    @property
    def quantised(self) -> bool:
        return self.packed or self.scheme is not None

    @property
    def _widths(self) -> str:
        """The bits of a quantised network in words."""
        if self.packed:
            forms = {key.removesuffix(".form"): array for key, array in self.arrays.items() if key.endswith(".form")}
            weights = [form[0] for key, form in forms.items() if key.endswith(".weight")]
            activations = forms["input"][0] if "input" in forms else None
        else:
            weights, activations = self.scheme["bits"], self.scheme["activations"]
        return f"{_bits(weights)} weights and {'float' if activations is None else _bits(activations)} activations"

    @property
    def under_way(self) -> bool:
        """Whether training can resume from this file."""
        return bool(self.under(TRAINER))

    @cached_property
    def weights(self) -> dict[str, np.ndarray]:
        """The network's own arrays."""
        return {key: array for key, array in self.arrays.items()
                if key not in BESIDE and not key.startswith((TRAINER, START, PROOF, NORMAL))}

    def under(self, prefix: str) -> dict[str, np.ndarray]:
        """The arrays whose names begin with a prefix, keyed by the rest of the name."""
        return {key.removeprefix(prefix): array for key, array in self.arrays.items() if key.startswith(prefix)}

    def parameters(self, shapes: Shapes, prefix: str = "") -> Parameters:
        """The float32 parameters of a network with these shapes, under a prefix or the network's own; float16 is
        widened. StoreError if they differ."""
        p = parameters(self.under(prefix) if prefix else self.weights, shapes, self.name)
        p.activation = self.activation
        return p

    def params(self, declared: Iterable[Param]) -> Values:
        """The page's parameters. StoreError if they are missing or another page's."""
        try:
            return parse_all(declared, unpacked_json(self.arrays[PARAMS]), strict=True)[0]
        except (KeyError, ValueError, TypeError, AttributeError, RecursionError, OverflowError) as error:
            raise StoreError(f"{self.name}: expected the parameters of a snapshot, found something else "
                             f"({error})") from None

    def need(self, network: str) -> "Contents":
        """Return self if it holds this network. Otherwise StoreError says what it holds, and what reads that."""
        if self.network != network:
            title, _, readers = NETWORKS[self.network]
            raise StoreError(f"{self.name} holds {self.words}; expected {NETWORKS[network][0]}. To read "
                             f"{title}, use {readers}")
        return self

    def need_float(self, network: str) -> "Contents":
        """Return self if it holds this network with float32 weights; otherwise StoreError."""
        if self.need(network).quantised:
            raise StoreError(f"{self.name} holds {self.words}; expected float32 weights, as from train {network}")
        return self

    def _words(self) -> str:
        """The file's content, in words."""
        layers = "-".join(map(str, self.sizes.get("layers", ())))
        parts = [NETWORKS[self.network][0], *[layers] * bool(layers)]
        parts += [f"({CLAMPS[self.activation].title})"] * (self.activation != RELU)
        if "blocks" in self.sizes:
            parts.append("of {blocks} block{s}, {width} wide".format(
                s="" if self.sizes["blocks"] == 1 else "s", **self.sizes))
        if self.quantised:
            parts.append(f"with {self._widths}")
        if self.by:
            parts.append(f"saved by the {self.by}" if self.by.startswith("page ") else f"made by {self.by}")
        return " ".join(parts)


def _bits(widths: Any) -> str:
    """4 as "4-bit", [8, 3] as "8, 3-bit"."""
    each = [int(width) for width in np.ravel(widths)][:9]
    return f"{', '.join(map(str, sorted(set(each), reverse=True)))}-bit"


def parameters(arrays: Mapping[str, np.ndarray], shapes: Shapes, name: str) -> Parameters:
    """`store.parameters`, where float16 is widened to float32."""
    wide = {key: each.astype(np.float32) if each.dtype == np.float16 else each for key, each in arrays.items()}
    return store.parameters(wide, shapes, name)


def _network(arrays: Mapping[str, np.ndarray]) -> str:
    if {RECIPE, FLAT, "order"} <= set(arrays):  # a long training's file from before version 1
        return "gpt" if "dropout" in unpacked_json(arrays[RECIPE]) else "vit"
    if not (network := known(arrays)):
        raise ValueError("no network has these arrays")
    return network
