"""Record what torch computes for fake quantisation, so that tests have an independent oracle without torch.

    pip install torch && python tests/oracles/record_fakequant.py
"""

from itertools import pairwise
from pathlib import Path

import numpy as np
import torch

CASES = {  # scale, zero point, lowest and highest code; the first is nothing but ties
    "ties": (0.5, 3, 0, 7), "s8": (0.02, 0, -128, 127), "u8": (0.018, 120, 0, 255), "s4": (0.3, 0, -7, 7),
    "s2": (0.9, 0, -1, 1), "u2": (0.7, 1, 0, 3),
}
SIZES, BATCH, BITS = (12, 8, 6, 4), 5, 3
FACTOR = 0.37  # any number: what the gradients of scale and zero point are multiplied with


def inputs(name: str, scale: float) -> np.ndarray:
    """Normal numbers that leave the grid at both ends, or every multiple of half a step."""
    if name == "ties":
        return (np.arange(-32, 32, dtype=np.float32) * np.float32(scale / 2)).reshape(4, 16)
    rng = np.random.default_rng(len(name) + int(scale * 100))
    return (rng.standard_normal((4, 16)) * min(scale * 150, 2.5)).astype(np.float32)


def per_tensor() -> dict[str, np.ndarray]:
    """Values and gradients of fake quantisation and of its learnable form, one scale for all."""
    found = {}
    for name, (scale, zero, low, high) in CASES.items():
        x = torch.tensor(inputs(name, scale), requires_grad=True)
        dy = torch.randn(x.shape)
        y = torch.fake_quantize_per_tensor_affine(x, scale, zero, low, high)
        y.backward(dy)
        found |= {f"{name}.case": np.array([scale, zero, low, high]), f"{name}.x": x.detach().numpy(),
                  f"{name}.dy": dy.numpy(), f"{name}.y": y.detach().numpy(), f"{name}.dx": x.grad.numpy()}
        x, s, z = (torch.tensor(v, requires_grad=True) for v in (found[f"{name}.x"], [scale], [float(zero)]))
        torch._fake_quantize_learnable_per_tensor_affine(x, s, z, low, high, FACTOR).backward(dy)
        found |= {f"{name}.lsq_{k}": v.grad.numpy() for k, v in (("dx", x), ("ds", s), ("dz", z))}
    return found


def per_channel() -> dict[str, np.ndarray]:
    """Values and gradients of fake quantisation and of its learnable form, one scale per row."""
    x, dy = torch.randn(5, 20), torch.randn(5, 20)
    scale, zero = torch.tensor([0.1, 0.2, 0.3, 0.05, 0.8]), torch.tensor([0.0, 1.0, -2.0, 3.0, 0.0])
    given = {"x": x, "dy": dy, "scale": scale, "zero_point": zero}
    x, scale, zero = (value.clone().requires_grad_() for value in (x, scale, zero))
    y = torch.fake_quantize_per_channel_affine(x, scale.detach(), zero.detach().int(), 0, -8, 7)
    y.backward(dy)
    found = {**given, "y": y.detach(), "dx": x.grad.clone()}
    x.grad = None
    torch._fake_quantize_learnable_per_channel_affine(x, scale, zero, 0, -8, 7, FACTOR).backward(dy)
    found |= {"lsq_dx": x.grad, "lsq_ds": scale.grad, "lsq_dz": zero.grad}
    return {f"channel.{key}": value.numpy() for key, value in found.items()}


def network(per: str) -> dict[str, np.ndarray]:
    """Logits, loss and all gradients of a perceptron whose weights (3 bits, symmetric), pixels (fixed grid) and hidden
    activations (3 bits, unsigned) are quantised with learned scales: LSQ through torch's own autograd."""
    low, high, top = -(2 ** (BITS - 1) - 1), 2 ** (BITS - 1) - 1, 2**BITS - 1
    x, labels = torch.rand(BATCH, SIZES[0]), torch.tensor([0, 3, 1, 2, 3])
    found = {"x": x, "labels": labels}
    h = torch.fake_quantize_per_tensor_affine(x, 1 / top, 0, 0, top)
    leaves = {}
    for i, (inputs_, outputs) in enumerate(pairwise(SIZES), 1):
        rows = outputs if per == "channel" else 1
        w, b = torch.randn(outputs, inputs_) / inputs_**0.5, torch.randn(outputs) * 0.1
        s = torch.rand(rows) * 0.1 + 0.1
        a = torch.tensor([0.15])
        leaves |= {f"layer{i}.weight": w, f"layer{i}.bias": b, f"layer{i}.weight_scale": s}
        zeros, factor = torch.zeros(rows), (w.numel() / rows * high) ** -0.5
        for leaf in (w, b, s, a):
            leaf.requires_grad_()
        learn = (torch._fake_quantize_learnable_per_channel_affine(w, s, zeros, 0, low, high, factor)
                 if per == "channel" else
                 torch._fake_quantize_learnable_per_tensor_affine(w, s, zeros, low, high, factor))
        h = torch.nn.functional.linear(h, learn, b)
        if i < len(SIZES) - 1:
            leaves[f"layer{i}.activation_scale"] = a
            h = torch._fake_quantize_learnable_per_tensor_affine(
                torch.relu(h), a, torch.zeros(1), 0, top, (outputs * top) ** -0.5)
    loss = torch.nn.functional.cross_entropy(h, labels)
    loss.backward()
    found |= {"logits": h, "loss": loss}
    for name, leaf in leaves.items():
        found |= {f"value.{name}": leaf, f"grad.{name}": leaf.grad}
    return {f"net_{per}.{key}": value.detach().numpy() for key, value in found.items()}


def distillation() -> dict[str, np.ndarray]:
    """Loss and gradient of half cross-entropy, half T² KL(teacher ‖ student) at T = 2, in float64."""
    logits, teacher, labels = torch.randn(6, 10).double(), torch.randn(6, 10).double() * 3, torch.arange(6)
    given = {"logits": logits, "teacher": teacher, "labels": labels}
    z, functional = logits.clone().requires_grad_(), torch.nn.functional
    divergence = functional.kl_div(functional.log_softmax(z / 2, 1), functional.softmax(teacher / 2, 1),
                                   reduction="batchmean")
    loss = 0.5 * functional.cross_entropy(z, labels) + 0.5 * 4 * divergence
    loss.backward()
    return {f"distil.{key}": value.detach().numpy()
            for key, value in {**given, "loss": loss, "gradient": z.grad}.items()}


def scale_ties() -> dict[str, np.ndarray]:
    """The gradient of the scale that each number alone causes, for numbers half-way between two codes of a grid, and
    for their neighbours in float32: where the rounding of the code decides."""
    found = {}
    for i, (scale, zero) in enumerate(((0.1, 0), (0.0717, 17), (1 / 3, 100))):
        ties = (np.arange(-119, 120).astype(np.float32) + np.float32(0.5)) * np.float32(scale)
        x = np.concatenate([ties, np.nextafter(ties, np.float32(np.inf)), np.nextafter(ties, np.float32(-np.inf))])
        gradients = []
        for each in x:
            s = torch.tensor([scale], requires_grad=True)
            torch._fake_quantize_learnable_per_tensor_affine(
                torch.tensor([each], requires_grad=True), s, torch.tensor([float(zero)]), -128, 127, 1.0).backward()
            gradients.append(float(s.grad[0]))
        found |= {f"scale_ties{i}.case": np.array([scale, zero]), f"scale_ties{i}.x": x,
                  f"scale_ties{i}.ds": np.array(gradients, np.float32)}
    return found


def record() -> dict[str, np.ndarray]:
    torch.manual_seed(0)
    return {**per_tensor(), **per_channel(), **network("tensor"), **network("channel"), **distillation(),
            **scale_ties()}


if __name__ == "__main__":
    np.savez(Path(__file__).with_name("fakequant.npz"), **record())
