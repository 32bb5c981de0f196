"""The kernels against NumPy in float64, in Pyodide with the built file and natively under sanitizers
(tests/cli/test_kernels_build.py runs this file again)."""

import itertools

import numpy as np
import pytest

from pyapp.core import activations, attention, kernels, losses, norm, ops, optim
from pyapp.core.kernels import known
from pyapp.nets.transformer import Block

pytestmark = pytest.mark.skipif(not kernels.TABLE, reason=f"no kernels here: {kernels.WHY_NOT}")
SIZES = (0, 1, 2, 3, 4, 5, 7, 8, 13, 31, 64)
F32 = np.float32
TINY = float(np.finfo(F32).tiny) / 1e-5  # exp of what is no normal number is 0, which 1e-5 of this allows


def numbers(*shape, seed=0, dtype=F32):
    return np.random.default_rng([seed, *shape]).standard_normal(shape).astype(dtype)


def run(function, *args):
    """What the kernel gives, and NumPy in float64."""
    found = kernels.TABLE[function.__name__](*(each.copy() if isinstance(each, np.ndarray) else each for each in args))
    exact = [each.astype(np.float64) if isinstance(each, np.ndarray) and each.dtype.kind == "f" else each
             for each in args]
    return found, function.__wrapped__(*exact)


def assert_close(found, exact, scale=None, bound=1e-5):
    """Each number within the bound of its `scale`: where terms may cancel that is the sum of their sizes, as no order
    of float32 sums does better, otherwise the largest number of its row."""
    assert found.shape == exact.shape
    scale = np.abs(exact).max(axis=-1, keepdims=True, initial=0) if scale is None else scale
    assert (np.abs(found - exact) <= bound * scale).all()


def sizes(*arrays):
    """|a| of each in float64: products of them bound what a product's terms can lose."""
    return [np.abs(each.astype(np.float64)) for each in arrays]


def test_known_answers_are_those_of_every_machine():
    assert known.answer(kernels.simd) == known.ANSWER


@pytest.mark.parametrize("dtype, bound", [(F32, 2e-6), (np.float64, 1e-14)])
def test_a_dense_layer_forward_and_backward(dtype, bound):
    for rows, inputs, outputs in itertools.product((0, 1, 2, 3, 4, 7, 9), SIZES, SIZES):
        x, w, dy = (numbers(*shape, dtype=dtype) for shape in ((rows, inputs), (outputs, inputs), (rows, outputs)))
        bias = numbers(outputs, dtype=dtype)
        x_size, w_size, dy_size = sizes(x, w, dy)
        for arguments in ((x, w), (x, w, bias), (x, w, bias, True)):
            assert_close(*run(ops.linear, *arguments), x_size @ w_size.T + np.abs(bias), bound)
        for arguments in ((dy, w), (dy, w, np.maximum(x, 0))):
            assert_close(*run(ops.linear_input_gradient, *arguments), dy_size @ w_size, bound)
        dw, db = np.full_like(w, np.nan), np.full_like(bias, np.nan)
        kernels.TABLE["linear_weight_gradient"](x, dy, dw, db)
        assert_close(dw, dy.T.astype(float) @ x.astype(float), dy_size.T @ x_size, bound)
        assert_close(db, dy.sum(axis=0, dtype=float), dy_size.sum(axis=0), bound)


@pytest.mark.parametrize("dtype", [F32, np.float64])
@pytest.mark.parametrize("inputs", [1, 37, 1024, 1027])  # many rows have a tile of their own up to 1024
def test_a_row_alone_gives_the_bits_that_it_has_in_a_batch(inputs, dtype):
    x, w, bias = numbers(11, inputs, dtype=dtype), numbers(23, inputs, dtype=dtype), numbers(23, dtype=dtype)
    x[3, 0], x[4, -1] = np.inf, np.nan
    linear = kernels.TABLE["linear"]
    for arguments in ((w,), (w, bias, True)):
        alone = [linear(x[i : i + 1], *arguments) for i in range(len(x))]
        assert np.array_equal(linear(x, *arguments), np.concatenate(alone), equal_nan=True)


@pytest.mark.parametrize("columns", SIZES[1:])
def test_rows(columns):
    for rows in (1, 2, 5):
        x, dy, gain, shift = numbers(rows, columns), numbers(rows, columns, seed=1), numbers(columns), numbers(columns)
        p, exact = run(losses.softmax, x * 20)
        assert_close(p, exact, exact + TINY)
        (y, gate), exact = run(activations.gelu, x * 5)
        assert_close(y, exact[0], np.abs(x * 5))  # x Φ(x): the tail of Φ is 1 less what is nearly 1
        assert_close(gate, exact[1], 1)
        gate = activations.gelu(x.astype(float))[1]
        assert_close(*run(activations.gelu_gradient, x, gate.astype(F32), dy))
        for found, exact in zip(*run(norm.norm, x, gain, shift), strict=True):
            assert_close(found, exact)
        _, x_hat, inverse = norm.norm(x, gain, shift)
        dgain, dshift = np.empty(columns, F32), np.empty(columns, F32)
        dx = kernels.TABLE["norm_gradient"](dy, x_hat, inverse, gain, dgain, dshift)
        wanted = np.empty((2, columns))
        assert_close(dx, norm.norm_gradient.__wrapped__(*(each.astype(float) for each in (dy, x_hat, inverse, gain)),
                                                        *wanted), inverse * np.abs(dy * gain).max())
        assert_close(dgain, wanted[0])
        assert_close(dshift, wanted[1])


def test_cross_entropy_and_its_gradient():
    for rows, classes in itertools.product((1, 3, 32), (1, 2, 10, 65)):
        logits, labels = numbers(rows, classes) * 30, np.arange(rows, dtype=np.int64) % classes
        (loss, gradient, p), (exact, dz, probabilities) = run(losses.softmax_cross_entropy, logits, labels)
        assert abs(loss - exact) <= 1e-5 * exact
        assert_close(gradient, dz, 1 / rows)  # (p - 1) / rows where the label is
        assert_close(p, probabilities, probabilities + TINY)


@pytest.mark.parametrize("odd", [np.nan, np.inf])
def test_a_number_that_is_not_finite_is_not_lost(odd):
    x, labels = numbers(3, 10), np.zeros(3, np.int64)
    x[1, 4] = odd
    with np.errstate(invalid="ignore"):
        for p in run(losses.softmax, x):
            assert np.isnan(p[1]).any() and np.isfinite(p[[0, 2]]).all()
        for loss, _, p in run(losses.softmax_cross_entropy, x, labels):
            assert np.isnan(loss) and np.isnan(p[1]).any()
    products = kernels.TABLE["linear"](x, numbers(5, 10))
    assert not np.isfinite(products[1]).any() and np.isfinite(products[[0, 2]]).all()


def test_attention_over_heads_whose_rows_lie_apart():
    for tokens, seen, depth in itertools.product((1, 2, 5, 17), (1, 3, 17), (1, 3, 16)):
        rows = numbers(2, max(tokens, seen), 3, 3, depth)  # B, tokens, (q k v), H, D
        q, k, v = (rows[:, :n, i].transpose(0, 2, 1, 3) for i, n in enumerate((tokens, seen, seen)))
        scores = kernels.TABLE["scores_of"](q, k)  # as they lie: `run` would put their rows together
        q_size, k_size, v_size = sizes(q, k, v)
        assert_close(scores, q.astype(float) @ k.astype(float).swapaxes(2, 3), q_size @ k_size.swapaxes(2, 3))
        mask = np.tri(tokens, seen, seen - tokens, dtype=bool) if tokens <= seen else None
        assert_close(*run(attention.float_softmax, scores, mask))
        out = np.empty((2, tokens, 3, depth), F32).transpose(0, 2, 1, 3)
        kernels.TABLE["weighted"](scores, v, out)
        assert_close(out, scores.astype(float) @ v, np.abs(scores) @ v_size)
        back = np.empty((2, seen, 3, depth), F32).transpose(0, 2, 1, 3)
        kernels.TABLE["weighted_transposed"](scores, q, back)
        assert_close(back, scores.swapaxes(2, 3).astype(float) @ q, np.abs(scores).swapaxes(2, 3) @ q_size)


@pytest.mark.parametrize("size", [0, 1, 3, 4, 17, 1000])
def test_optimisers_take_the_steps_of_numpy_bit_for_bit(size):
    scalars = np.array([0.9, 0.1, 0.999, 0.001, 2, 1e-8, 0.01], F32)
    one = [numbers(size, seed=seed) for seed in range(4)]
    one[3] = np.abs(one[3])
    two = [each.copy() for each in one]
    for _ in range(3):
        kernels.TABLE["adam"](*one, scalars)
        optim.adam.__wrapped__(*two, scalars)
        kernels.TABLE["sgd"](*one[:2], 0.3)
        optim.sgd.__wrapped__(*two[:2], 0.3)
    for found, exact in zip(one, two, strict=True):
        np.testing.assert_array_equal(found, exact)


def test_a_tokens_whole_block():
    from pyapp.core.engine import using
    from pyapp.core.parameters import Parameters
    from pyapp.core.rng import generator

    block = Block("b", 24, 3, 40, causal=True)
    p = Parameters(block.shapes)
    block.initialise(p, generator(1, "weights"), 1)
    p.vector += numbers(p.vector.size) * F32(0.1)
    results = {}
    for engine in ("numpy", "kernels"):
        with using(engine):
            cache, rows, seen = attention.Cache(1, 3, 6, 8), [], []
            rows.append(block.forward(p, numbers(2, 24), 2, cache))
            for i in range(4):
                rows.append(block.forward(p, numbers(1, 24, seed=i), 1, cache))
                seen.append(block.attention.probabilities.ravel())
            assert cache.length == 6
            results[engine] = np.concatenate(rows), np.concatenate(seen), cache.keys, cache.values
    for found, exact in zip(results["kernels"], results["numpy"], strict=True):
        assert_close(found, exact)


REFUSED = {
    "too few arguments": lambda simd: simd.linear(1),
    "shapes that do not fit": lambda simd: simd.linear(numbers(2, 3), numbers(2, 4), None, False, numbers(2, 2)),
    "another type": lambda simd: simd.linear(numbers(2, 3), numbers(2, 3, dtype=float), None, False, numbers(2, 2)),
    "rows apart": lambda simd: simd.linear(numbers(2, 3), numbers(3, 2).T, None, False, numbers(2, 2)),
    "too many axes": lambda simd: simd.linear(numbers(2, 3, 1), numbers(2, 3), None, False, numbers(2, 2)),
    "an output that is an input": lambda simd: (lambda x: simd.linear(x, x, None, False, x))(numbers(3, 3)),
    "an output that overlaps": lambda simd: (lambda x: simd.softmax(x[:4], x[2:6]))(numbers(9)),
    "a read-only output": lambda simd: simd.sgd(np.frombuffer(b"abcd", F32), numbers(1), 0.1),
    "no array": lambda simd: simd.softmax(None, None),
    "another byte order": lambda simd: simd.softmax(numbers(3).astype(">f4"), numbers(3)),
    "an odd address": lambda simd: simd.softmax(np.frombuffer(b"x" * 9, np.uint8)[1:].view(F32), numbers(2)),
    "a word for a number": lambda simd: simd.sgd(numbers(1), numbers(1), "a"),
    "a label outside": lambda simd: simd.cross_entropy(numbers(2, 3), np.array([0, 3]), numbers(2, 3), numbers(2, 3),
                                                       np.empty(1)),
    "a negative label": lambda simd: simd.cross_entropy(numbers(1, 3), np.array([-1]), numbers(1, 3), numbers(1, 3),
                                                        np.empty(1)),
    "reversed rows": lambda simd: simd.scores(numbers(1, 1, 2, 3)[..., ::-1], numbers(1, 1, 2, 3), numbers(1, 1, 2, 2)),
    "a full cache": lambda simd: simd.block(
        numbers(1, 4), *(numbers(n) for n in (4, 4, 48, 12, 16, 4, 4, 4, 8, 2, 8, 4)),
        numbers(1, 1, 2, 4), numbers(1, 1, 2, 4), numbers(1, 1, 1, 3), numbers(16), 2),
}


@pytest.mark.parametrize("why", REFUSED)
def test_a_wrong_argument_is_an_exception(why):
    with pytest.raises((TypeError, ValueError, BufferError)):
        REFUSED[why](kernels.simd)


def arrays(*shapes, dtype=F32):
    return [numbers(*shape, dtype=dtype) for shape in shapes]


RIGHT = {  # by function: which arrays it writes, and all that it takes
    "weight_gradient": ((2, 3), arrays((4, 5), (4, 3), (3, 5), (3,))),
    "input_gradient": ((3,), arrays((4, 3), (3, 5), (4, 5), (4, 5))),
    "weighted": ((2,), arrays((2, 3, 4, 5), (2, 3, 5, 6), (2, 3, 4, 6))),
    "weighted_transposed": ((2,), arrays((2, 3, 4, 5), (2, 3, 4, 6), (2, 3, 5, 6))),
    "gelu": ((1, 2), arrays((3, 7), (3, 7), (3, 7))),
    "gelu_double": ((1, 2), arrays((3, 7), (3, 7), (3, 7), dtype=float)),
    "gelu_gradient": ((3,), arrays((3, 7), (3, 7), (3, 7), (3, 7))),
    "norm": ((3, 4, 5), arrays((3, 7), (7,), (7,), (3, 7), (3, 7), (3, 1))),
    "norm_double": ((3, 4, 5), arrays((3, 7), (7,), (7,), (3, 7), (3, 7), (3, 1), dtype=float)),
    "norm_gradient": ((4, 5, 6), arrays((3, 7), (3, 7), (3, 1), (7,), (3, 7), (7,), (7,))),
    "adam": ((0, 2, 3), arrays((9,), (9,), (9,), (9,), (7,))),
    "softmax_double": ((0,), arrays((3, 7), dtype=float)),
}


@pytest.mark.parametrize("name", RIGHT)
def test_each_argument_is_looked_at(name):
    """Of another type or byte order, no array, shorter along any axis, read-only or an input where it is written, too
    few or too many: always an exception."""
    kernel, (outputs, given) = getattr(kernels.simd, name), RIGHT[name]
    kernel(*(each.copy() for each in given))
    for count in (given[:-1], [*given, given[0]]):
        with pytest.raises(TypeError):
            kernel(*count)
    for i, each in enumerate(given):
        wrong = [each.astype(np.int32), each.astype(each.dtype.newbyteorder()), each.astype(np.float16), "a word"]
        if len(given) > 1:
            wrong += [each[(slice(None),) * axis + (slice(1, None),)].copy() for axis in range(each.ndim)]
        if i in outputs:
            wrong += [np.frombuffer(each.tobytes(), each.dtype).reshape(each.shape),
                      *(other for other in given if other is not each and other.shape == each.shape)]
        for other in wrong:
            with pytest.raises((TypeError, ValueError, BufferError)):
                kernel(*given[:i], other, *given[i + 1 :])
