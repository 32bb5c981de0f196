"""Fake quantisation against torch itself on fresh numbers, and against recordings made elsewhere, where they are."""

import numpy as np
import pytest

from pyapp.core.losses import distillation_loss
from pyapp.hosts import ROOT
from pyapp.quant.fakequant import fake_quantize
from pyapp.quant.schemes import Granularity

RECORDED = ROOT.parent / "shared" / "oracles" / "torch_fakequant.npz"
CHANNEL = Granularity("channel")
SEEDS = range(5)


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch", reason="pip install torch to compare with fresh torch results")


@pytest.fixture(scope="module")
def recorded():
    if not RECORDED.is_file():
        pytest.skip("the recorded torch outputs are not on this machine")
    return np.load(RECORDED)


@pytest.mark.parametrize("case", ["s8", "u8", "u2"])
def test_the_recorded_cases(recorded, case):
    x, dy = recorded["x"], recorded["grad_out"]
    scale, *rest = recorded[f"pt_{case}_par"]
    grid = (np.float32(scale), *(int(n) for n in rest))
    fake = fake_quantize(x, *grid, rule="reciprocal")
    assert (fake.values == recorded[f"pt_{case}_y"]).all() and (fake.gradient(dy) == recorded[f"pt_{case}_gx"]).all()
    assert (fake.values == recorded[f"lsq_{case}_y"]).all()
    fake, factor = fake_quantize(x, *grid, rule="shifted"), recorded[f"lsq_{case}_gf"]
    dx = fake.gradient(dy)
    assert (dx == recorded[f"lsq_{case}_gx"]).all()
    np.testing.assert_allclose(fake.scale_gradient(dy, dx) * factor, recorded[f"lsq_{case}_gs"][0], rtol=1e-5)


def fresh(seed: int) -> tuple:
    """x and dy (8, 64), a scale and a zero point a row, bounds."""
    rng = np.random.default_rng([seed, 33])
    bits = int(rng.integers(2, 9, dtype=np.int64))
    low = int(-(1 << (bits - 1)) if seed % 2 else 0)
    high = low + (1 << bits) - 1
    scale = rng.uniform(0.01, 0.6, 8).astype(np.float32)
    x = (rng.standard_normal((8, 64)) * scale[:, None] * (high - low) / 2).astype(np.float32)
    zero = rng.integers(low, high, 8, dtype=np.int64, endpoint=True)
    return x, rng.standard_normal((8, 64)).astype(np.float32), scale, zero.astype(np.int32), low, high


@pytest.mark.parametrize("seed", SEEDS)
def test_fresh_tensors(torch, seed):
    x, dy, scales, zeros, low, high = fresh(seed)
    scale, zero = scales[0], int(zeros[0])
    t = torch.tensor(x, requires_grad=True)
    y = torch.fake_quantize_per_tensor_affine(t, float(scale), zero, low, high)
    y.backward(torch.tensor(dy))
    fake = fake_quantize(x, scale, zero, low, high, rule="reciprocal")
    assert (fake.values == y.detach().numpy()).all() and (fake.gradient(dy) == t.grad.numpy()).all()
    t, s, z = (torch.tensor(v, requires_grad=True) for v in (x, [float(scale)], [float(zero)]))
    torch._fake_quantize_learnable_per_tensor_affine(t, s, z, low, high, 0.5).backward(torch.tensor(dy))
    # torch cuts z + 0.5 towards zero in this backward pass: a negative zero point is one too high there, unlike in its
    # forward pass and in both passes per channel; we have one zero point for all
    fake = fake_quantize(x, scale, zero + (zero < 0), low, high, rule="fused")
    dx = fake.gradient(dy)
    assert (dx == t.grad.numpy()).all()
    bound = 1e-5 * float(np.abs(dy * fake.steps).sum())  # the sum of terms of both signs, in another order
    assert float(fake.scale_gradient(dy, dx)) * 0.5 == pytest.approx(float(s.grad[0]), abs=bound)


@pytest.mark.parametrize("seed", SEEDS)
def test_fresh_channels(torch, seed):
    x, dy, scale, zero, low, high = fresh(seed)
    t = torch.tensor(x, requires_grad=True)
    y = torch.fake_quantize_per_channel_affine(t, torch.tensor(scale), torch.tensor(zero), 0, low, high)
    y.backward(torch.tensor(dy))
    spread = (scale[:, None], zero[:, None], low, high)
    fake = fake_quantize(x, *spread, rule="reciprocal")
    assert (fake.values == y.detach().numpy()).all() and (fake.gradient(dy) == t.grad.numpy()).all()
    t, s, z = (torch.tensor(v, requires_grad=True) for v in (x, scale, zero.astype(np.float32)))
    torch._fake_quantize_learnable_per_channel_affine(t, s, z, 0, low, high, 0.5).backward(torch.tensor(dy))
    fake = fake_quantize(x, *spread, rule="shifted")
    dx = fake.gradient(dy)
    assert (dx == t.grad.numpy()).all()
    bounds = 1e-5 * np.abs(dy * fake.steps).sum(axis=1)
    assert (np.abs(fake.scale_gradient(dy, dx, CHANNEL) * 0.5 - s.grad.numpy()) <= bounds).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_distillation(torch, seed):
    rng = np.random.default_rng([seed, 44])
    logits, teacher = rng.standard_normal((2, 7, 10)) * 4
    labels, (temperature, share) = rng.integers(0, 10, 7, dtype=np.int64), rng.uniform(0.2, 1, 2)
    z, functional = torch.tensor(logits, requires_grad=True), torch.nn.functional
    divergence = functional.kl_div(functional.log_softmax(z / temperature, 1),
                                   functional.softmax(torch.tensor(teacher) / temperature, 1), reduction="batchmean")
    expected = (1 - share) * functional.cross_entropy(z, torch.tensor(labels)) + share * temperature**2 * divergence
    expected.backward()
    loss, gradient, _ = distillation_loss(logits, teacher, labels, temperature, share)
    assert loss == pytest.approx(float(expected.detach()), rel=1e-12)
    np.testing.assert_allclose(gradient, z.grad.numpy(), rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize(("scale", "zero"), [(0.1, 0), (0.1, 3), (0.037, -5), (0.0717, 17), (1 / 3, 100)])
def test_ties_of_the_learnable_scale_are_those_of_one_fused_operation(torch, scale, zero):
    """Each number's own gradient. Where torch runs without fused multiply-add, "shifted" is the rule."""
    scale, halves = np.float32(scale), np.arange(-119, 120).astype(np.float32) + np.float32(0.5)
    ties = halves * scale
    x = np.concatenate([ties, np.nextafter(ties, np.float32(np.inf)), np.nextafter(ties, np.float32(-np.inf))])
    found = []
    for each in x:
        s = torch.tensor([scale], requires_grad=True)
        torch._fake_quantize_learnable_per_tensor_affine(
            torch.tensor([each], requires_grad=True), s, torch.tensor([float(zero)]), -128, 127, 1.0).backward()
        found.append(float(s.grad[0]))
    apart = {}
    for rule in ("fused", "shifted"):
        fake = fake_quantize(x, scale, zero + (zero < 0), -128, 127, rule=rule)
        ours = fake.steps - np.where(fake.inside, fake.ratio, 0)
        apart[rule] = int((np.abs(ours - np.array(found)) > 0.1).sum())
    assert 0 in apart.values() and apart["fused"] in (0, max(apart.values()))
