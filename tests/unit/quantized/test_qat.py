"""Training with codes: gradients against torch, exact export, and recipes."""

from pathlib import Path

import numpy as np
import pytest

from pyapp import store
from pyapp.core.losses import distillation_loss, softmax_cross_entropy
from pyapp.core.optim import OPTIMISERS
from pyapp.core.parameters import Parameters
from pyapp.data import mnist
from pyapp.data.mnist import Digits
from pyapp.nets import mlp
from pyapp.nets.mlp import MLP
from pyapp.quant.formats.catalogue import FORMATS, find
from pyapp.quant.quantizers import SMALLEST
from pyapp.quantized.qat import ESTIMATORS, QATMLP
from pyapp.quantized.qat_recipe import QATRecipe, StudentRecipe, five_qat_steps, train_qat, train_student
from pyapp.training.distill import Teacher
from pyapp.training.trainer import Trainer, evaluate

TORCH = np.load(Path(__file__).parents[2] / "oracles" / "fakequant.npz")  # made by record_fakequant.py beside it
SIZES = (12, 8, 6, 4)
RNG = np.random.default_rng(0)
X = RNG.random((60, 12)).astype(np.float32)
LABELS = X[:, :4].argmax(axis=1).astype(np.int64)
PER = ("tensor", "channel", "group:5")
# Whole numbers are trained on grids; the search of the K formats of GGUF takes a second each.
CODEBOOKS = ("nf4:4", *(name for name in FORMATS if not name.startswith("int") and not name.endswith("_k")))


def trainer(rate: float = 0.05, optimiser: str = "sgd", **settings) -> Trainer:
    model = QATMLP(SIZES, **settings)
    p = model.initial(seed=3, x=X)
    return Trainer(model, p, OPTIMISERS[optimiser](p, rate), X, LABELS, seed=3, batch=20)


@pytest.mark.parametrize("per", ["tensor", "channel"])
def test_loss_and_gradients_of_the_network_match_torch(per):
    model = QATMLP(SIZES, bits=3, activations=3, per=per)
    p, of = Parameters(model.shapes), lambda key: TORCH[f"net_{per}.{key}"]
    for name in p:
        p[name][...] = of(f"value.{name}").reshape(p[name].shape)
    logits = model.forward(p, of("x"))
    loss, dlogits, _ = softmax_cross_entropy(logits, of("labels"))
    model.backward(p, dlogits)
    np.testing.assert_allclose(logits, of("logits"), rtol=1e-5, atol=1e-6)
    assert loss == pytest.approx(float(of("loss")), rel=1e-6)
    for name in p:
        np.testing.assert_allclose(p.grad[name], of(f"grad.{name}").reshape(p[name].shape), rtol=2e-5, atol=1e-6)
        assert np.abs(p.grad[name]).max() > 1e-4, name


def test_without_bits_it_is_the_float_network():
    model, plain = QATMLP(SIZES, bits=None, activations=None), MLP(SIZES)
    p, q = model.initial(2, X), plain.initial(2)
    assert model.shapes == plain.shapes and (p.vector == q.vector).all()
    logits = model.forward(p, X)
    assert (logits == plain.forward(q, X)).all()
    _, dlogits, _ = softmax_cross_entropy(logits, LABELS)
    model.backward(p, dlogits)
    plain.backward(q, dlogits.astype(np.float32))
    np.testing.assert_allclose(p.gradient, q.gradient, rtol=1e-4, atol=1e-7)


def test_relu6_is_trained_like_the_float_network_and_hard_tanh_is_refused():
    rng = np.random.default_rng(2)
    x, dy = rng.uniform(0, 1, (9, 6)).astype(np.float32), rng.standard_normal((9, 3))
    plain, model = MLP((6, 5, 3)), QATMLP((6, 5, 3), None, None)
    q = plain.initial(1, activation="relu6")
    q["layer1.weight"][:] *= 9
    p = model.start(q, x)
    np.testing.assert_allclose(model.forward(p, x), plain.forward(q, x), rtol=1e-5, atol=1e-5)
    assert plain.linears[1].x.max() == 6
    model.backward(p, dy)
    plain.backward(q, dy.astype(np.float32))
    np.testing.assert_allclose(p.gradient, q.gradient, rtol=1e-4, atol=1e-5)
    codes = QATMLP((6, 5, 3), 4, 4)
    network = codes.to_network(codes.start(q, x))
    assert network.weights.parameters.activation == codes.take(network).activation == "relu6"
    with pytest.raises(ValueError, match=r"activation is hard-tanh, .* train a network with relu or relu6"):
        codes.start(plain.initial(1, activation="hard-tanh"), x)


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("per", PER)
@pytest.mark.parametrize(("bits", "activations"), [(2, 8), (3, 3), ((2, 8, 4), 4)])
def test_the_exported_network_has_the_trained_codes(estimator, per, bits, activations):
    t = trainer(bits=bits, activations=activations, per=per, estimator=estimator)
    for _ in range(10):
        t.step()
    logits = t.model.forward(t.p, X)
    network = t.model.to_network(t.p)
    for layer in t.model.linears:
        steps = layer.quantizer.fake.steps
        tensor = network.weights.tensors[layer.weight]
        assert (tensor.codes == steps).all() and 0 < np.abs(steps).max() <= (1 << (tensor.bits - 1)) - 1
    assert list(network.activations) == ["input", "layer1", "layer2"]
    x = network.activations["input"].quantize(X)
    for layer, relu in zip(t.model.linears[:2], t.model.functions, strict=True):
        grid = network.activations[layer.weight.removesuffix(".weight")]
        assert (grid.quantize(relu.y) == relu.quantizer.fake.steps).all() and grid.low == 0
        w = network.weights.tensors[layer.weight].codes.astype(np.int64)
        if per != "group:5":  # sums of codes are exact, however they are added
            sums = (x.astype(np.int64) @ w.T).astype(np.float32) * (layer.x_scale * layer.w_scale)
            assert (np.maximum(sums + t.p[layer.bias], 0) == relu.y).all()
        x = grid.quantize(relu.y)
    hidden = network.activations["input"].dequantize(network.activations["input"].quantize(X))
    p = network.weights.parameters  # training keeps the biases float
    for name in ("layer1", "layer2"):
        y = hidden @ p[f"{name}.weight"].T + p[f"{name}.bias"]
        hidden = network.activations[name].dequantize(network.activations[name].quantize(np.maximum(y, 0)))
    expected = hidden @ p["layer3.weight"].T + p["layer3.bias"]
    np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=np.abs(logits).max() * 0.02)  # a tie may fall


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("per", PER)
@pytest.mark.parametrize("optimiser", ["sgd", "adam"])
@pytest.mark.in_pyodide(1, "the cases differ in settings, not in arithmetic")
def test_training_lowers_the_loss_and_moves_the_scales(estimator, per, optimiser):
    t = trainer(rate=0.1 if optimiser == "sgd" else 0.01, optimiser=optimiser, per=per, estimator=estimator)
    before, scales = evaluate(t.model, t.p, X, LABELS), {k: t.p[k].copy() for k in t.p if k.endswith("_scale")}
    for _ in range(600):
        t.step()
    after = evaluate(t.model, t.p, X, LABELS)
    assert after["loss"] < 0.7 * before["loss"] and after["accuracy"] > 0.7
    assert len(scales) == (5 if estimator == "lsq" else 2)
    assert all((t.p[name] != old).any() and (t.p[name] > 0).all() for name, old in scales.items())


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.in_pyodide(1, "the cases differ in settings, not in arithmetic")
def test_one_small_step_goes_downhill(estimator):
    model, (x, labels) = QATMLP(estimator=estimator), mnist.shipped("train")
    p, falls = model.start(mlp.load(), x[:256]), 0
    for start in range(0, 2000, 200):
        rows, q = slice(start, start + 200), p.copy()
        loss, dlogits, _ = softmax_cross_entropy(model.forward(q, x[rows]), labels[rows])
        model.backward(q, dlogits)
        OPTIMISERS["sgd"](q, 0.02).step(q)
        falls += softmax_cross_entropy(model.forward(q, x[rows]), labels[rows])[0] < loss
    assert falls >= 8  # the function has steps, so single ones may go up


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_judging_changes_nothing(estimator):
    t = trainer(estimator=estimator)
    t.step()
    before = t.p.vector.copy()
    evaluate(t.model, t.p, X * 2, LABELS)
    assert (t.p.vector == before).all()


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_restored_run_goes_on_as_if_never_interrupted(estimator):
    one = trainer(estimator=estimator, optimiser="adam")
    for _ in range(4):
        one.step()
    two = trainer(estimator=estimator, optimiser="adam")
    two.p.vector[:] = one.p.vector
    two.load_state({name: array.copy() for name, array in one.state().items()})
    assert [two.step() for _ in range(7)] == [one.step() for _ in range(7)]
    assert (one.p.vector == two.p.vector).all()


def test_a_scale_that_is_pushed_below_zero_stays_positive():
    t = trainer()
    for name in ("layer1.weight_scale", "layer2.activation_scale"):
        t.p[name][...] = -1.0
        assert np.isfinite(t.model.forward(t.p, X)).all() and t.p[name] == SMALLEST
        assert t.model.to_network(t.p).nbytes > 0


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_network_of_zeros_has_codes_of_zero(estimator):
    model = QATMLP(SIZES, estimator=estimator)
    p = model.start(Parameters(MLP(SIZES).shapes), X)
    assert (model.forward(p, X) == 0).all()
    assert all((tensor.codes == 0).all() for tensor in model.to_network(p).weights.tensors.values())


@pytest.mark.parametrize("form", CODEBOOKS)
def test_training_in_a_number_format_learns_and_passes_the_gradient_straight_through(form):
    t = trainer(form=form, activations=8, estimator="ste")
    losses = [t.step()[0] for _ in range(60)]
    assert np.mean(losses[-10:]) < np.mean(losses[:10])
    p, logits = t.p, t.model.forward(t.p, X)
    _, dlogits, _ = softmax_cross_entropy(logits, LABELS)
    last = t.model.linears[-1]
    x = last.x * last.x_scale  # before the backward pass moves the averages
    t.model.backward(p, dlogits)
    np.testing.assert_allclose(p.grad[last.weight], dlogits.T @ x, rtol=1e-5, atol=1e-8)  # nothing is lost on the way
    network, plain = t.model.to_network(p), t.model.plain(p)
    for layer in t.model.linears:
        coded = find(form).encode(plain[layer.weight])  # the saved float weights make the trained codes again
        assert np.array_equal(network.weights.tensors[layer.weight].codes, coded.codes)
        assert np.array_equal(layer.w, coded.dequantize())


@pytest.mark.parametrize(("settings", "message"), [
    ({"bits": 1}, "bits is 1; .* from 2 to 8"), ({"bits": 9}, "bits is 9"), ({"bits": 2.5}, "bits is 2.5"),
    ({"activations": 16}, "bits is 16"), ({"bits": (4, 4)}, "one for each of 3 layers"),
    ({"form": "nf5"}, "there is no format 'nf5'"),
    ({"estimator": "magic"}, "use ste or lsq"), ({"per": "group:0"}, "granularity is 'group:0'"),
])
def test_settings_without_sense_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        QATMLP(SIZES, **settings)


@pytest.mark.parametrize("name", ["layer1.weight", "layer3.bias", "layer2.activation_scale"])
def test_a_network_that_has_diverged_is_not_exported(name):
    t = trainer()
    t.p[name].reshape(-1)[0] = np.nan
    with pytest.raises(ValueError, match="diverged"):
        t.model.to_network(t.p)


def test_a_network_that_diverges_goes_on_without_an_exception():
    for estimator in ESTIMATORS:
        t = trainer(estimator=estimator)
        t.p["layer3.weight"][0, 0] = np.nan
        with np.errstate(all="raise"):
            assert np.isnan(t.step()[0])


def test_the_teacher_is_heard():
    model, p = MLP(SIZES), MLP(SIZES).initial(1)
    logits = RNG.standard_normal((60, 4)).astype(np.float32)
    got = Teacher(model, p, temperature=3.0, share=0.25)(X, logits, LABELS)
    expected = distillation_loss(logits, MLP(SIZES).forward(p, X), LABELS, 3.0, 0.25)
    assert got[0] == expected[0] and (got[1] == expected[1]).all()
    for bad in ({"temperature": 0}, {"share": 1.5}, {"temperature": np.nan}):
        with pytest.raises(ValueError, match="use"):
            Teacher(model, p, **bad)


def some_digits() -> Digits:
    digits = mnist.load(split="train")
    return Digits(digits.images[::4], digits.labels[::4])


@pytest.mark.in_pyodide(0, "tests/unit/training/test_recipes.py trains by a recipe there")
def test_the_qat_recipe_is_deterministic_and_keeps_the_accuracy():
    recipe, lines = QATRecipe(bits=3, activations=3, epochs=4, batch=32), []
    (model, p), (_, again) = (train_qat(recipe, some_digits(), lines.append) for _ in range(2))
    assert (p.vector == again.vector).all() and lines[3].startswith("epoch 4/4") and len(lines) == 8
    start = model.start(mlp.load(), some_digits().inputs())
    before, after = (evaluate(model, q, *mnist.shipped("test"))["accuracy"] for q in (start, p))
    assert after > max(0.96, before + 0.1)


@pytest.mark.in_pyodide(0, "tests/unit/training/test_recipes.py trains by a recipe there")
def test_a_student_learns_by_its_recipe():
    model, p = train_student(StudentRecipe(hidden="16-12", epochs=10, batch=20), some_digits(), lambda line: None)
    assert [layer.shapes[layer.weight] for layer in model.linears] == [(16, 784), (12, 16), (10, 12)]
    assert evaluate(model, p, *mnist.shipped("test"))["accuracy"] > 0.6
    for bad in ("", "16-", "many", "0"):
        with pytest.raises(ValueError, match="such as 64-32"):
            train_student(StudentRecipe(hidden=bad), some_digits(), lambda line: None)
    assert StudentRecipe(hidden="none").sizes() == (784, 10)


def test_five_steps_for_the_proof():
    for estimator in ESTIMATORS:
        found = five_qat_steps(estimator)
        assert found["layer1.weight.codes"].dtype == np.int8 and found["layer1.weight.codes"].shape == (128, 784)
        assert set(found) == {"input.scale", "layer1.scale", "layer2.scale"} | {
            f"layer{i}.weight.{what}" for i in (1, 2, 3) for what in ("codes", "scale")}


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("per", PER)
def test_parameters_with_scales_are_saved_and_read(estimator, per):
    t = trainer(per=per, estimator=estimator)
    t.step()
    read = store.parameters(store.unpack(store.pack(store.arrays_of(t.p)), "file"), t.model.shapes, "file")
    assert (read.vector == t.p.vector).all()
