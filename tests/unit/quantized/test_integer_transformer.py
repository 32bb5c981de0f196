"""Both transformers in integers: every operation against its formula in float64, caches, settings, shipped weights."""

import zlib
from dataclasses import replace

import numpy as np
import pytest

from pyapp.data import mnist
from pyapp.data.mnist import Digits
from pyapp.measure.measure_transformer import measure_gpt, measure_vit
from pyapp.nets import gpt, vit
from pyapp.nets.generate import Sampling, Writer, write
from pyapp.nets.gpt import GPT, GPTSize
from pyapp.nets.vit import ViT, ViTSize
from pyapp.quantized.calibration_text import own_text
from pyapp.quantized.integer_layers import GELU, Add, Dense, Norm, Weighted
from pyapp.quantized.integer_transformer import PIXELS, Widths, integer_gpt, integer_vit
from pyapp.quantized.trace import Trace
from pyapp.quantized.transformer import QuantizedTransformer, TransformerSettings
from pyapp.softmax.ilayernorm import ILayerNorm
from pyapp.softmax.methods import INTEGER

SETTINGS = TransformerSettings(8, "channel", 8, logit_bits=8, softmax="ibert")
VIT_CODES, GPT_CODES = 2041120877, 3263235635  # CRC-32 of all codes of a pass
SIZE = ViTSize(patch=7, width=16, heads=2, blocks=2, hidden=24)
IMAGES = np.random.default_rng(1).random((12, 784), np.float32)
PIXEL_CODES = PIXELS.quantize(IMAGES)
MODEL = GPT(11, GPTSize(width=16, heads=2, blocks=2, context=16, hidden=32))
TOKENS = np.random.default_rng(2).integers(0, 11, (4, 16), np.int32)


def weights(model: ViT | GPT):
    p = model.initial(1)
    p.vector[:] += np.random.default_rng(3).standard_normal(p.vector.size).astype(np.float32) * np.float32(0.2)
    return p


VIT, GPT_WEIGHTS = weights(ViT(SIZE)), weights(MODEL)


def made(settings: TransformerSettings = SETTINGS, widths: Widths | None = None):
    """Both networks, each with the codes that go into it."""
    return ((integer_vit(VIT, settings, IMAGES, SIZE, widths).model, PIXEL_CODES),
            (integer_gpt(MODEL, GPT_WEIGHTS, settings, TOKENS, widths).model, TOKENS))


def recorded(model, codes):
    """(name, operation, inputs, output) of each operation of a pass."""
    found = []

    def run(name, operation, *arrays):
        found.append((name, operation, arrays, operation(*arrays)))
        return found[-1][3]

    model.codes(codes, run=run)
    return found


def on_grid(real: np.ndarray, grid) -> np.ndarray:
    """What the formula's float64 answer is in codes, not yet rounded."""
    return np.clip(real / float(grid.scale) + int(grid.zero_point), grid.low, grid.high)


def off_by(operation, name: str, p, arrays, y) -> tuple[float, float] | None:
    """How far an operation's codes are from its formula on the real numbers that its inputs stand for, and the bound in
    codes; None for kinds that other tests hold."""
    x = arrays[0].astype(np.float64)
    if isinstance(operation, Dense):
        layer = operation.layer
        scale, zero = (np.broadcast_to(np.asarray(each, np.float64).reshape(-1, 1), (len(layer.weight), 1))
                       for each in ((layer.scale.m0 * 2.0 ** (layer.scale.exponent - 31)), layer.weight_zero))
        bias = layer.offset[:, 0] + int(layer.input.zero_point) * (layer.weight - zero).sum(axis=1)
        sums = (x - int(layer.input.zero_point)) @ (layer.weight - zero).T + bias
        return np.abs(np.clip(sums * scale[:, 0] + int(layer.output.zero_point), layer.output.low, layer.output.high)
                      - y).max(), 0.51
    if isinstance(operation, Norm):
        part = "norm" if name == "norm" else name
        real = ILayerNorm.real(x, p[f"{part}.weight"].astype(np.float64), p[f"{part}.bias"].astype(np.float64))
        return np.abs(on_grid(real, operation.output) - y).max(), 0.6
    if isinstance(operation, GELU):
        real = operation.gelu.real(x * operation.gelu.unit / (operation.gelu.erf_scale / 2))
        return np.abs(on_grid(real, operation.output) - y).max(), 1.0
    if isinstance(operation, Weighted):
        real = x @ arrays[1].astype(np.float64) * (operation.scale.m0 * 2.0 ** (int(operation.scale.exponent) - 31))
        return np.abs(np.clip(real + int(operation.output.zero_point), operation.output.low, operation.output.high)
                      - y).max(), 0.51
    if isinstance(operation, Add):
        return np.abs(np.clip(x + arrays[1], operation.output.low, operation.output.high) - y).max(), 0
    return None


def test_every_operation_is_its_formula_rounded_to_codes():
    for (model, codes), p in zip(made(), (VIT, GPT_WEIGHTS), strict=True):
        checked = set()
        for name, operation, arrays, y in recorded(model, codes):
            if (found := off_by(operation, name, p, arrays, y)) is not None:
                apart, bound = found
                assert apart <= bound, (name, apart)
                checked.add(operation.kind)
        assert len(checked) == 5


def test_every_stage_has_the_recorded_codes():
    """Recorded in CPython on x86-64; this test runs inside Pyodide, too, where each stage has to give the same."""
    for (model, codes), expected in zip(made(), (VIT_CODES, GPT_CODES), strict=True):
        found = 0
        for name, _, _, y in recorded(model, codes):
            found = zlib.crc32(f"{name} {y.dtype}".encode() + np.ascontiguousarray(y).astype("<i8").tobytes(), found)
        assert found == expected, name


@pytest.mark.parametrize("softmax", ["ibert", "lut2", "tflite"])
def test_the_networks_are_near_their_float_networks(softmax):
    (image_net, pixels), (text_net, tokens) = made(replace(SETTINGS, softmax=softmax))
    for found, real in ((image_net.forward(VIT, IMAGES), ViT(SIZE).forward(VIT, PIXELS.dequantize(pixels))),
                        (text_net.forward(GPT_WEIGHTS, tokens), MODEL.forward(GPT_WEIGHTS, tokens))):
        assert found.dtype == np.float32 and found.shape == real.shape
        assert np.abs(found - real).mean() < 0.06 * real.std()


def test_fewer_bits_in_the_stream_are_farther_from_float():
    def apart(stream: int) -> float:
        network = integer_gpt(MODEL, GPT_WEIGHTS, SETTINGS, TOKENS, Widths(stream, 16))
        return float(np.abs(network.model.forward(GPT_WEIGHTS, TOKENS) - MODEL.forward(GPT_WEIGHTS, TOKENS)).mean())
    assert apart(16) < apart(8) < apart(5)


@pytest.mark.parametrize("softmax", ["ibert", "lut2", "itamax-streaming"])
@pytest.mark.parametrize("shift", ["none", "row-mean", "row-max-clip"])
def test_a_cache_of_codes_changes_no_code(softmax, shift):
    model = integer_gpt(MODEL, GPT_WEIGHTS, replace(SETTINGS, softmax=softmax, shift=shift), TOKENS).model
    caches = model.caches(len(TOKENS))
    first, *one_by_one = (model.codes(TOKENS[:, part], caches) for part in (slice(0, 5), *(
        slice(i, i + 1) for i in range(5, 16))))
    whole = model.codes(TOKENS).reshape(4, 16, -1)
    np.testing.assert_array_equal(first.reshape(4, 5, -1), whole[:, :5])
    np.testing.assert_array_equal(np.stack(one_by_one, axis=1), whole[:, 5:])
    assert {caches[0].keys.dtype, caches[0].values.dtype} == {np.dtype(np.int8)}
    with pytest.raises(ValueError, match="17 tokens do not fit into a context of 16"):
        model.codes(TOKENS[:, :1], caches)


def test_the_writer_writes_with_it():
    network = integer_gpt(MODEL, GPT_WEIGHTS, SETTINGS, TOKENS)
    cached, whole = (list(write(Writer(network.model, network.parameters, TOKENS[0, :2], Sampling(), 1, cached), 12))
                     for cached in (True, False))
    assert cached == whole and len(cached) == 12


def test_a_gamma_of_zero_and_a_constant_row_give_beta():
    p = weights(MODEL)
    p["block1.norm2.weight"][:3] = 0
    model = integer_gpt(MODEL, p, SETTINGS, TOKENS).model
    norm = model.blocks[0].norm2
    beta = np.clip(np.rint(p["block1.norm2.bias"] / norm.output.scale) + norm.output.zero_point, 0, 255)
    rows = norm(np.random.default_rng(4).integers(-999, 999, (5, 16)).astype(np.int16))
    assert (np.abs(rows[:, :3] - beta[:3]) <= 1).all()
    assert (np.abs(norm(np.full((1, 16), 77, np.int16)) - beta) <= 1).all()
    small = Norm.of(np.linspace(-0.2, 0.2, 17), np.linspace(-9, 9, 17), norm.output)  # beta far above gamma
    assert small(np.zeros((1, 17), np.int16)).shape == (1, 17)
    with pytest.raises(ValueError, match="too large beside its gamma"):
        Norm.of(np.full(4, 1e-9), np.ones(4), norm.output)


@pytest.mark.parametrize(("changed", "words"), [
    ({"softmax": "exact"}, "computes in floats"), ({"bits": None}, "bits is none"),
    ({"activations": None}, "activations is none"), ({"logit_bits": None, "softmax": "exact"}, "logit_bits is none"),
    ({"calibrate": "mse"}, "use minmax"), ({"per": "group:16"}, "per tensor or channel")])
def test_settings_that_leave_floats_are_refused(changed, words):
    with pytest.raises(ValueError, match=words):
        integer_vit(VIT, replace(SETTINGS, **changed), IMAGES, SIZE)


def test_other_things_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="calibration set is empty"):
        integer_vit(VIT, SETTINGS, IMAGES[:0], SIZE)
    with pytest.raises(ValueError, match="give uint8"):
        made()[0][0].codes(IMAGES)
    with pytest.raises(ValueError, match="stream"):
        Widths(stream=17)


# The trace.

@pytest.mark.parametrize("softmax", INTEGER)
def test_a_whole_pass_has_no_float_and_no_overflow(softmax):
    for model, codes in made(replace(SETTINGS, softmax=softmax, shift="row-mean")):
        trace = Trace()
        np.testing.assert_array_equal(trace_codes := model.codes(codes, run=trace), model.codes(codes))
        assert trace.floats == [] and trace.overflows == []
        assert len(trace.operations) == 2 * 15 + 5 and trace.operations[-1].output == str(trace_codes.dtype)
        assert all(each.tightest.headroom >= 0 for each in trace.operations)


class SmuggledGELU:
    """0.5 x (1 + tanh ...) computed in float32 between codes, as many pipelines do."""

    kind = "GELU"

    def __init__(self, gelu: GELU):
        self.output = gelu.output

    def __call__(self, codes):
        x = codes * np.float32(0.01)
        return self.output.quantize(x * (1 + np.tanh(x)))


def test_a_float_that_is_smuggled_in_is_found():
    model, codes = made()[0]
    model.blocks[0] = replace(model.blocks[0], gelu=SmuggledGELU(model.blocks[0].gelu))
    trace = Trace()
    model.codes(codes, run=trace)
    assert "block1.gelu: np.multiply float32" in trace.floats and "block1.gelu: np.tanh float32" in trace.floats
    assert {where.split(":")[0] for where in trace.floats} == {"block1.gelu"}


@pytest.mark.parametrize("shift", ["none", "row-max"])
def test_activations_whose_products_do_not_fit_are_refused(shift):
    for bits in (10, 16):
        try:
            networks = made(replace(SETTINGS, activations=bits, shift=shift))
        except ValueError as error:
            assert bits == 16 and "and int32 ends at 2,147,483,647" in str(error)
            continue
        assert bits == 10
        for model, codes in networks:
            trace = Trace()
            model.codes(codes, run=trace)
            assert trace.overflows == []


# The shipped networks.

@pytest.mark.in_pyodide(0, "test_every_stage_has_the_recorded_codes holds the integers there")
def test_the_shipped_vit_reads_digits():
    p, (images, labels) = vit.load(), mnist.shipped("test")
    digits = Digits(PIXELS.quantize(images[::20]), labels[::20])
    network = integer_vit(p, SETTINGS)
    float_accuracy = measure_vit(QuantizedTransformer(ViT(), p, 0), digits)["accuracy"]
    assert measure_vit(network, digits)["accuracy"] >= float_accuracy - 1.5 / 150  # one image


@pytest.mark.in_pyodide(0, "test_every_stage_has_the_recorded_codes holds the integers there")
def test_the_shipped_gpt_loses_little():
    model, p, _ = gpt.load()
    own = own_text(model, p)
    network, tokens = integer_gpt(model, p, SETTINGS, own[: len(own) // 2]), own[len(own) // 2 :].reshape(-1)
    float_loss = measure_gpt(QuantizedTransformer(model, p, 0), tokens)["loss"]
    assert abs(measure_gpt(network, tokens)["loss"] - float_loss) < 0.03
