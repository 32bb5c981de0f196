"""Every format with every kind of network: what was written is read back, proves itself, and is sealed."""

from dataclasses import replace

import numpy as np
import pytest
from exported import exported

from pyapp import seal
from pyapp.data import mnist
from pyapp.export.formats import written
from pyapp.export.kinds import FORMATS
from pyapp.export.proof import Proof
from pyapp.export.verify import NotProven, checked, proven, recognised
from pyapp.nets import chain
from pyapp.nets.mlp import MLP
from pyapp.quant.schemes import make_grid
from pyapp.quantized.network import QuantizedNetwork, Settings, quantize_network
from pyapp.store import StoreError

pytestmark = pytest.mark.in_pyodide(1, "the cases differ in what is written, not in arithmetic")

FORMS = list(FORMATS.values())


def made(subject, form):
    """The export's files, or None where the format cannot hold the network: a sentence has to say why."""
    try:
        return written(subject, form, "network")
    except ValueError as error:
        assert len(str(error)) > 30
        return None


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_what_is_written_proves_itself(subject, form):
    files = made(subject, form)
    if files is None:
        return
    main, *_ = files.values()
    found = checked(main, recognised(main, "network"), "network")
    runs = list(found.runs(dict(list(files.items())[1:])))
    assert [run.where for run in runs] == [""] * len(runs)
    assert found.parts == found.manifest["parts"]
    ours = Proof.of(subject.rounded(form.rounding) if form.rounding else subject)
    assert found.manifest["fingerprint"] == ours.fingerprint
    assert np.array_equal(found.proof.logits, ours.logits)


@pytest.mark.parametrize("activation", ["relu6", "hard-tanh"])
def test_every_format_keeps_the_activation(activation):
    """On a grid that reaches beyond the activation's ends, so that only the clamp keeps the codes between them."""
    p = MLP((784, 12, 8, 10)).initial(1, activation=activation)
    p["layer1.weight"][:] *= 40
    network = quantize_network(p, Settings(bits=8, activations=8), mnist.calibration())
    network = QuantizedNetwork(network.weights, network.activations | {"layer1": make_grid(-3, 12, 8, "affine")})
    plain, x = p.copy(), mnist.calibration()[:20]
    plain.activation = "relu"
    assert not np.allclose(MLP.of(p).forward(p, x), MLP.of(plain).forward(plain, x), atol=0.1)
    simulated = network.simulated().forward(network.parameters, x)
    assert np.array_equal(network.integer().logits(x), simulated)
    for subject in (replace(exported("8 bits"), network=network), replace(exported("float"), network=p)):
        for form in FORMS:
            if made(subject, form):
                test_what_is_written_proves_itself(subject, form)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_equal_networks_give_equal_bytes(usual, form):
    assert written(usual, form, "network") == written(usual, form, "network")


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_any_changed_byte_is_found(usual, form):
    files = written(usual, form, "network")
    main = next(iter(files.values()))
    for at in np.random.default_rng(1).integers(0, len(main), 60):
        data = bytearray(main)
        data[at] ^= 1 << int(at % 8)
        with pytest.raises(NotProven, match="network"):
            checked(bytes(data), recognised(bytes(data), "network"), "network")


@pytest.mark.parametrize("form", ["safetensors", "onnx"])
def test_a_changed_number_is_not_read_as_a_weight(form):
    """Neither format has a checksum: what reads weights from exports must ask the seal."""
    p = MLP((784, 12, 8, 10)).initial(1)
    main = next(iter(written(replace(exported("float"), network=p), FORMATS[form], "network").values()))
    name, number = f"network.{form}", p["layer1.weight"].tobytes()[:64]
    assert main.count(number) == 1 and np.array_equal(chain.unpack(main, name)["layer1.weight"], p["layer1.weight"])
    for data in (main.replace(number, number[:-1] + b"?"), main + b"\0" * (form == "onnx"), main[:-40]):
        if data != main:
            with pytest.raises(StoreError, match=f"{name}: expected"):
                chain.unpack(data, name)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
@pytest.mark.parametrize("share", [0.0, 0.001, 0.1, 0.5, 0.999])
def test_a_file_that_was_cut_off_is_said_to_be(usual, form, share):
    main = next(iter(written(usual, form, "network").values()))
    with pytest.raises(NotProven, match=r"cut off|empty|no seal|begin with"):
        part = main[: int(len(main) * share)]
        checked(part, recognised(part, "network"), "network")


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_another_file_beside_it_is_found(usual, form):
    files = written(usual, form, "network")
    _, *others = files
    for other in others:
        with pytest.raises(NotProven, match=other):
            proven(files | {other: files[other] + b" "}, form)


def test_a_seal_is_needed_once():
    for data in (b"", seal.BLANK * 2):
        with pytest.raises(ValueError, match="times in the file"):
            seal.sealed(data)
    assert seal.check(seal.sealed(b"before " + seal.BLANK + b" after")) is None
