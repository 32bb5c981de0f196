"""The files that the export buttons of pages make."""

import hashlib
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from typing import Any

import numpy as np

from pyapp import store
from pyapp.core.classes import TEN
from pyapp.core.parameters import Parameters
from pyapp.data import mnist
from pyapp.data.digits import Digits
from pyapp.experiment.frame import Experiment, Outcome
from pyapp.export.formats import Format, refuse, written
from pyapp.export.kinds import FORMATS
from pyapp.export.subject import Network, Subject, measured_of, pixels_of, scheme_of
from pyapp.export.verify import checked
from pyapp.measure.measure import measure, measure_float
from pyapp.pages.base.export_buttons import PREFIX
from pyapp.quantized.network import QuantizedNetwork, Settings, with_activations
from pyapp.quantized.transformer import QuantizedTransformer, TransformerSettings

SHIPPED = "the shipped digits"
ACTIVATIONS = 8  # bits that float32 activations get in a format of integers only
NO_INTEGERS = "this network is float32, and {} holds integers only; choose the bits per weight first"
NO_FORMATS = "files hold uniform grids, and these weights are in a number format; set Format to “uniform grid” first"
WITHOUT_BITS = "This format has float32 weights only, so the file holds the network as it is before quantisation."
FLOAT_SCORES = "ONNX has no softmax on quantised logits: in this file they are float32, and the softmax is exact."
GIVEN = f"The page's activations are float32; in this file they have {ACTIVATIONS} bits."


def exported(page: Experiment, action: str, network: Network, source: Mapping[str, str], scheme: Mapping[str, Any],
             rounding: str = "single", measured: Mapping[str, Any] | None = None,
             notes: Sequence[str] = (), own: Mapping[str, Digits] | None = None) -> Outcome:
    """The file of an action, or several in a .zip; without `measured` a digits network is measured on the test digits,
    or on the part "test" of the reader's `own` data, or else on "train". `notes` are said first. ValueError if the
    format cannot hold the network."""
    form, notes = FORMATS[action.removeprefix(PREFIX)], list(notes)
    digits = own.get("test", own["train"]) if own else mnist.load()
    if isinstance(network, QuantizedNetwork) and not network.on_grids:
        raise ValueError(NO_FORMATS)
    if form.integers and isinstance(network, Parameters):
        raise ValueError(NO_INTEGERS.format(form.name))
    if form.integers and isinstance(network, QuantizedNetwork) and network.activations is None:
        network = with_activations(network, ACTIVATIONS, mnist.calibration() if digits.classes == TEN else
                                   own["train"].spread(mnist.CALIBRATION).inputs())
        scheme = {**scheme, "activations": ACTIVATIONS}
        notes.append(GIVEN)
    model = "vit" if isinstance(network, QuantizedTransformer) else "mlp"
    made = own_command(form, scheme) if own else command(page, action)
    subject = Subject(model, network, source, scheme, measured or {}, made, rounding, digits.classes, pixels_of(digits))
    refuse(subject, form)
    if measured is None:
        exact = isinstance(network, Parameters)
        found = measure_float(network, digits) if exact else measure(network, digits, rounding)
        subject = replace(subject, measured=told(found["accuracy"], found["n"], "own images" if own else SHIPPED))
    return finished(subject, form, notes)


def finished(subject: Subject, form: Format, notes: Sequence[str] = ()) -> Outcome:
    """The file of a subject, or several in a .zip, whose proof was run again here."""
    files = written(subject, form, stem := stem_of(subject.model, subject.scheme))
    name, data = next(iter(files.items()))
    proven = next(checked(data, form, name).runs({}))
    notes = [*notes, f"{name}: {len(data):,} bytes, fingerprint {proven.fingerprint}. Its proof was run again here, "
             f"and {'holds' if proven.ok else f'fails at {proven.where}'}."]
    if len(files) > 1:
        name, data = f"{stem}.zip", zipped(files)
    return Outcome(notes, file=np.frombuffer(data, np.uint8), name=name)


def vision_settings(action: str, settings: TransformerSettings) -> tuple[TransformerSettings, list[str]]:
    """What an action's format can hold of these settings, and notes on what it cannot."""
    if action != PREFIX + "onnx":
        return TransformerSettings(), [WITHOUT_BITS] * (settings != TransformerSettings())
    held = replace(settings, logit_bits=None, softmax="exact", shift="none")
    return held, [FLOAT_SCORES] * (held != settings)


def told(accuracy: float, n: int, data: str = SHIPPED) -> dict[str, Any]:
    """An accuracy as an export reports it: measured on n images of `data`, by default the shipped test digits."""
    return measured_of({"accuracy": accuracy, "n": n}, data)


def stem_of(model: str, scheme: Mapping[str, Any]) -> str:
    """A file's name without its suffix: mlp-w8a8, or mlp-float32."""
    bits = scheme.get("bits")
    each = "-".join(map(str, bits)) if isinstance(bits, tuple | list) else bits
    parts = [f"w{each}" if bits else "", f"a{scheme['activations']}" if scheme.get("activations") else ""]
    return f"{model}-{''.join(parts) or 'float32'}"


def command(page: Experiment, action: str, steps: int = 0) -> str:
    """The command that makes this file again, if no setting was changed during the run. `steps`: that the page needs
    first, if its work is no training."""
    name, step = type(page).__module__.rpartition(".")[2], page.frame().step
    given = [f"--set {param.name}={page.params[param.name]}" for param in page.PARAMS
             if page.params[param.name] != param.default]
    steps = steps or (step if page.WORK == "train" else 0)
    trained = [f"--steps {steps}"] if steps else []
    return " ".join(["python -m pyapp run", name, *trained, *given, "--do", action])


def own_command(form: Format, scheme: Mapping[str, Any]) -> str:
    """The command that makes a file of saved weights and the reader's own data, which `run` does not open."""
    given = [f"--{name} {value}" for name, value in scheme.items()]
    return " ".join(["python -m pyapp export mlp --weights FILE --data PATH", *given, "--format", form.name])


def settings_of(settings: Settings | TransformerSettings) -> dict[str, Any]:
    """Settings as the scheme of an export."""
    return scheme_of(asdict(settings), {each.name: each.default for each in fields(settings)})


def shipped(name: str) -> dict[str, str]:
    """The source of a network made from shipped weights."""
    return {"file": f"{name}.npz", "sha256": store.recipe(store.WEIGHTS / f"{name}.npz")["sha256"]}


def own(page: str, p: Parameters) -> dict[str, str]:
    """The source of a network trained on a page: the digest of an .npz file of these parameters."""
    return {"file": f"trained on the page {page}", "sha256": hashlib.sha256(store.pack(store.arrays_of(p))).hexdigest()}


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Files in a .zip; equal files give equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
