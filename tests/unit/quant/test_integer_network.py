"""The integer network: no float on the way, and the codes that float64 on the same grids would give."""

from itertools import pairwise

import numpy as np
import pytest
from unit.quant.tracing import floats, named, traced

from pyapp.core.clamps import CLAMPS, IDENTITY, RELU
from pyapp.core.rng import generator
from pyapp.data import mnist
from pyapp.nets import mlp
from pyapp.quant.integer import ROUNDINGS, IntegerLinear, IntegerNetwork
from pyapp.quant.schemes import affine_grid, fit_grid, make_grid, quantize

PER = ["tensor", "channel", "group:8", "group:7"]
PER_AND_ROUNDING = [(per, rounding) for per in PER for rounding in ROUNDINGS
                    if rounding != "double" or not per.startswith("group")]  # two roundings cannot sum groups
INTEGERS_ONLY = [pair for pair in PER_AND_ROUNDING if pair[1] != "float"]


class Network:
    """A float network's quantised weights, its biases, and the grids of the activations on inputs x."""

    def __init__(self, x, weights, biases, scheme="symmetric", per="tensor", bits=8, activations=8, signed=None):
        self.x, self.biases = x, biases
        self.weights = [quantize(w, bits, scheme, per, signed) for w in weights]
        self.grids = [fit_grid(x, activations, "affine")]
        for i, (weight, bias) in enumerate(zip(self.weights, biases, strict=True)):
            last = i == len(weights) - 1
            x = x @ weight.dequantize().T + bias
            x = x if last else np.maximum(x, 0)
            self.grids.append(fit_grid(x, max(activations, 8) if last else activations, "affine"))

    @classmethod
    def random(cls, seed: int, *args, **settings) -> "Network":
        """40-24-16-10, rows of different size, 100 inputs."""
        rng, shapes = generator(seed, "test"), [(24, 40), (16, 24), (10, 16)]
        weights = [rng.standard_normal(shape, np.float32) * rng.uniform(0.2, 2, (shape[0], 1)).astype(np.float32)
                   for shape in shapes]
        biases = [rng.standard_normal(outputs, np.float32) for outputs, _ in shapes]
        return cls(rng.standard_normal((100, 40), np.float32), weights, biases, *args, **settings)

    @property
    def codes(self) -> np.ndarray:
        return self.grids[0].quantize(self.x)

    def integer(self, rounding: str = "single") -> IntegerNetwork:
        clamps = [CLAMPS[RELU]] * (len(self.weights) - 1) + [IDENTITY]
        layers = [IntegerLinear.of(weight, bias, *ends, clamp, rounding)
                  for weight, bias, ends, clamp
                  in zip(self.weights, self.biases, pairwise(self.grids), clamps, strict=True)]
        return IntegerNetwork(layers, self.grids[0])

    def simulated(self) -> np.ndarray:
        """The logits' codes by a float64 simulation on the same grids."""
        codes = self.codes
        for i in range(len(self.weights)):
            codes = self.simulated_layer(i, codes)
        return codes

    def simulated_layer(self, i: int, codes: np.ndarray) -> np.ndarray:
        """Layer i's output codes for its input codes; the bias is on its grid too, S_x times the row's largest S_w."""
        weight, a, y = self.weights[i], self.grids[i], self.grids[i + 1]
        scale, zero = (np.broadcast_to(part, weight.codes.shape).astype(np.float64)
                       for part in weight.grid.spread(weight.codes.shape))
        step = float(a.scale) * scale.max(axis=1)
        x = (codes.astype(np.float64) - a.zero_point) * a.scale
        h = x @ ((weight.codes - zero) * scale).T + np.rint(self.biases[i] / step) * step
        h = np.maximum(h, 0) if i < len(self.weights) - 1 else h
        return np.clip(np.rint(h / y.scale) + y.zero_point, y.low, y.high).astype(np.int64)


@pytest.mark.parametrize("scheme", ["symmetric", "affine"])
@pytest.mark.parametrize("per, rounding", INTEGERS_ONLY)
def test_no_float_between_input_and_logits_codes(per, scheme, rounding):
    network = Network.random(1, scheme, per)
    integer, codes = network.integer(rounding), network.codes
    found, seen = traced(integer, codes)
    assert floats(seen) == []
    np.testing.assert_array_equal(found, integer.forward(codes), strict=True)
    called = {name for name, _ in seen}
    assert {"einsum", "multiply", "add", "right_shift", "clip", "astype"} <= called  # the spy was there all the way
    assert len([name for name, _ in seen if name == "einsum"]) >= 3 * len(integer.layers)
    held = named(integer, codes)
    rounds = {"single": "shift_down", "double": "requantize_double"}[rounding]
    assert floats(held) == []
    assert {"forward", "product", "_accumulators", rounds, "clamp"} <= {name for name, _ in held}


@pytest.mark.parametrize("per", PER)
def test_the_tracing_finds_floats_where_there_are_some(per):
    network = Network.random(1, "affine", per)
    integer, codes = network.integer("float"), network.codes
    _, seen = traced(integer, codes)
    assert {"rint", "multiply"} <= {name for name, _ in floats(seen)}
    assert {"nearest"} <= {name for name, _ in floats(named(integer, codes))}


def test_the_tracing_finds_a_scale_that_is_used():
    """A layer that looks at its grid's float scale, or at a float of Python's, is found out."""
    class Cheating(IntegerLinear):
        def forward(self, codes):
            return super().forward(codes) * (self.output.scale > 0)

    class Halving(IntegerLinear):
        def forward(self, codes):
            return (super().forward(codes) * 0.5 * 2).astype(self.output.dtype)

    network = Network.random(1)
    honest = network.integer()
    for kind in (Cheating, Halving):
        layers = [kind(**vars(layer)) for layer in honest.layers]
        _, seen = traced(IntegerNetwork(layers, honest.input), network.codes)
        assert floats(seen)


@pytest.mark.parametrize("rounding", ["single", "double"])
def test_a_layer_holds_integers_only(rounding):
    layer = Network.random(2, "affine", "channel").integer(rounding).layers[0]
    held = [layer.weight, layer.weight_zero, layer.offset, layer.scale.m0, layer.scale.exponent]
    assert [array.dtype for array in held] == [layer.weight.dtype, *[np.dtype(np.int32)] * 4]
    assert layer.weight.dtype == np.uint8


@pytest.mark.parametrize("scheme, signed", [("symmetric", None), ("symmetric", False), ("affine", None),
                                            ("affine", True)])
@pytest.mark.parametrize("per, rounding", PER_AND_ROUNDING)
@pytest.mark.in_pyodide(10, "the cases differ in settings, not in arithmetic")
def test_logits_codes_are_those_of_float64(per, scheme, signed, rounding):
    """Three networks of 100 inputs each: within one code, nearly all equal.

    Two roundings are a code off in every tenth number, layer by layer; what one layer is off, the next multiplies.
    """
    differences = []
    for seed in (3, 4, 5):
        network = Network.random(seed, scheme, per, signed=signed)
        integer, codes = network.integer(rounding), network.codes
        ours = integer.forward(codes)
        assert ours.dtype == network.grids[-1].dtype
        differences.append(ours.astype(np.int64) - network.simulated())
        for i, layer in enumerate(integer.layers):  # each for itself
            expected, codes = network.simulated_layer(i, codes), layer.forward(codes)
            assert np.abs(codes - expected).max() <= 1
    assert np.abs(differences).max() <= (2 if rounding == "double" else 1)
    assert np.mean(np.array(differences) != 0) < (0.2 if rounding == "double" else 0.002)


@pytest.mark.parametrize("bits, activations", [(2, 2), (4, 4), (3, 8), (8, 4), (8, 16), (16, 8), (5, 12)])
def test_other_numbers_of_bits(bits, activations):
    for per in ("channel", "group:8"):
        network = Network.random(6, "symmetric", per, bits, activations)
        ours = network.integer().forward(network.codes)
        assert np.abs(ours.astype(np.int64) - network.simulated()).max() <= 1


@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_the_shipped_network_on_shipped_digits(rounding):
    """8 bits everywhere: the same digits as in float, nearly always, and logits within a code of float64's."""
    p, (x, labels) = mlp.load(), mnist.shipped("test")
    x, labels = x[::10], labels[::10]
    weights, biases = ([p[f"layer{i}.{part}"] for i in (1, 2, 3)] for part in ("weight", "bias"))
    network = Network(x, weights, biases, per="channel")
    integer = network.integer(rounding)
    assert np.abs(integer.forward(network.codes).astype(np.int64) - network.simulated()).max() <= 1
    found = integer.logits(x).argmax(axis=1)
    assert (found == labels).mean() > 0.98
    assert (found == mlp.MLP().forward(p, x).argmax(axis=1)).mean() > 0.995


def test_one_group_as_long_as_the_row_is_per_channel():
    """Two ways to write one grid: the same codes."""
    per_channel, per_group = (Network.random(7, "affine", per).integer() for per in ("channel", "group:64"))
    codes = Network.random(7).codes
    np.testing.assert_array_equal(per_channel.forward(codes), per_group.forward(codes))


def layer(w, bias, output, clamp=IDENTITY, rounding="single", **how):
    w = np.array(w, np.float32)
    return IntegerLinear.of(quantize(w, 8, **how), np.array(bias, np.float32), affine_grid(0, 255, 8), output, clamp,
                            rounding)


def test_by_hand():
    """Weights 127 and -64 of scale 1, bias 10, input scale 1, output scale 100: (127·3 - 64·1 + 10) / 100 = 3.27."""
    made = layer([[127, -64]], [10], make_grid(-12800, 12700, 8, "affine"))
    assert made.offset.tolist() == [[10]] and int(made.output.zero_point) == 128
    assert made.forward(np.array([[3, 1]], np.uint8)).tolist() == [[128 + 3]]


@pytest.mark.parametrize("signed", [False, True])
def test_relu_is_the_clamp_at_the_zero_point(signed):
    """On a grid that has room for negative numbers: what is below real 0 becomes the zero point."""
    output = make_grid(-12800, 12700, 8, "affine", signed)
    codes = np.array([[0, 9], [1, 1], [9, 0], [255, 0]], np.uint8)
    plain, folded = (layer([[127, -127]], [0], output, clamp).forward(codes)
                     for clamp in (IDENTITY, CLAMPS[RELU]))
    np.testing.assert_array_equal(folded, np.maximum(plain, output.zero_point))
    assert (plain[0] < output.zero_point).all() and (plain[3] > output.zero_point).all()


@pytest.mark.parametrize("activation", CLAMPS)
def test_codes_are_clamped_where_the_activation_clamps(activation):
    """Against whole numbers in Python: steps of 1/8, on a grid beyond the activation's ends and on one within."""
    codes = np.array([[a, b, 0] for a in range(10) for b in range(10)], np.uint8)
    low, high = {"relu": (0, 999), "relu6": (0, 6), "hard-tanh": (-1, 1)}[activation]
    for ends, zero in (((-16, 15.875), 128), ((-0.5, 31.375), 4)):
        made = layer([[1, -1, 127]], [0], make_grid(*ends, 8, "affine"), CLAMPS[activation])
        expected = [[min(max(8 * min(max(int(a) - int(b), low), high) + zero, 0), 255)] for a, b, _ in codes]
        assert int(made.output.zero_point) == zero and made.forward(codes).tolist() == expected


def test_results_beyond_the_grid_are_clamped_even_past_int32():
    output = make_grid(0, 1e-4, 8, "affine")  # every product is millions of steps
    made = layer([[127, -127]], [0], output)
    assert made.forward(np.array([[255, 0], [0, 255]], np.uint8)).tolist() == [[255], [0]]


def test_the_bias_of_groups_goes_with_the_largest_scale():
    made = layer([[1, 1, 100, 100], [100, 100, 1, 1]], [7, -7], make_grid(-99999, 99999, 8, "affine"), per="group:2")
    placed = made.offset != 0
    assert placed.tolist() == [[False, True], [True, False]]


def test_nothing_in_nothing_out():
    integer = Network.random(1).integer()
    assert integer.forward(np.zeros((0, 40), np.uint8)).shape == (0, 10)
    assert integer.logits(np.zeros((0, 40), np.float32)).shape == (0, 10)


def test_logits_are_float32_of_the_codes():
    network = Network.random(1)
    integer = network.integer()
    logits = integer.logits(network.x)
    assert logits.dtype == np.float32
    codes = integer.forward(network.codes)
    np.testing.assert_array_equal(logits, network.grids[-1].dequantize(codes))


def test_all_zero_weights_and_a_constant_output():
    made = layer(np.zeros((3, 4)), [0, 5, -5], make_grid(0, 5, 8, "affine"))
    assert made.forward(np.full((1, 4), 200, np.uint8)).tolist() == [[0, 255, 0]]


def test_sixteen_by_sixteen_bits_is_refused():
    with pytest.raises(ValueError, match=r"row \d+ .* int32 ends at 2,147,483,647; use fewer bits"):
        Network.random(1, "symmetric", "channel", bits=16, activations=16).integer()


def test_a_bias_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="bias of row 1, 1e\\+30"):
        layer([[1.0], [1.0]], [1, 1e30], affine_grid(0, 1, 8))
    with pytest.raises(ValueError, match="bias of row 0, 1, "):
        layer([[1e-30], [1.0]], [1, 1], affine_grid(0, 1, 8), per="channel")
    with pytest.raises(ValueError, match="bias of row 0, nan"):
        layer([[1.0]], [np.nan], affine_grid(0, 1, 8))


def test_scales_that_do_not_belong_together_are_refused():
    for rounding in ROUNDINGS:
        with pytest.raises(ValueError, match="scales"):
            layer([[1e30]], [0], affine_grid(0, 1e-30, 8), rounding=rounding)


def test_mistakes_are_named():
    network = Network.random(1)
    weight, bias, grid = network.weights[0], network.biases[0], network.grids[0]
    with pytest.raises(ValueError, match="rounding is 'up'; use single, double, float"):
        IntegerLinear.of(weight, bias, grid, grid, CLAMPS[RELU], "up")
    with pytest.raises(ValueError, match="cannot sum groups"):
        Network.random(1, per="group:8").integer("double")
    with pytest.raises(ValueError, match="per channel"):
        IntegerLinear.of(weight, bias, fit_grid(network.x, 8, "affine", "channel"), grid)
    with pytest.raises(ValueError, match=r"weights have shape \(40,\)"):
        IntegerLinear.of(quantize(np.ones(40), 8), bias, grid, grid)
    with pytest.raises(ValueError, match=r"the bias \(23,\); expected"):
        IntegerLinear.of(weight, bias[1:], grid, grid)
    integer = network.integer()
    with pytest.raises(ValueError, match="at least one layer"):
        IntegerNetwork([], grid)
    with pytest.raises(ValueError, match="layer 2 expects"):
        IntegerNetwork([integer.layers[0], integer.layers[2]], grid)
    for wrong in (np.zeros((2, 40), np.int8), np.zeros((2, 39), np.uint8), np.zeros(40, np.uint8),
                  np.zeros((2, 40), np.float32)):
        with pytest.raises(ValueError, match=r"expected uint8 \(B, 40\)"):
            integer.forward(wrong)
    with pytest.raises(ValueError, match="0 to 15"):
        Network.random(1, activations=4).integer().forward(np.full((1, 40), 16, np.uint8))
