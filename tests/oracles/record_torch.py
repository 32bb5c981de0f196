"""Record what torch computes for a small network, so that tests have an independent oracle without torch.

    pip install torch && python tests/oracles/record_torch.py
"""

from pathlib import Path

import numpy as np
import torch

SIZES = (12, 8, 6, 4)
BATCH, STEPS = 5, 6
RATES = {"sgd": 0.1, "adam": 0.01}


def record() -> dict[str, np.ndarray]:
    """Inputs, float64 logits, loss and gradients of one pass, and parameters after some steps of each optimiser."""
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Linear(SIZES[0], SIZES[1]), torch.nn.ReLU(), torch.nn.Linear(SIZES[1], SIZES[2]), torch.nn.ReLU(),
        torch.nn.Linear(SIZES[2], SIZES[3])).double()
    x, labels = torch.randn(BATCH, SIZES[0]).double(), torch.tensor([0, 3, 1, 2, 3])
    found = {"x": x.numpy(), "labels": labels.numpy(), "sizes": np.array(SIZES)}
    start = [w.detach().clone() for w in model.parameters()]
    logits = model(x)
    loss = torch.nn.functional.cross_entropy(logits, labels)
    loss.backward()
    found |= {"logits": logits.detach().numpy(), "loss": loss.detach().numpy()}
    for i, w in enumerate(model.parameters()):
        found |= {f"start.{i}": start[i].numpy(), f"grad.{i}": w.grad.numpy()}
    for name, kind in (("sgd", torch.optim.SGD), ("adam", torch.optim.Adam)):
        with torch.no_grad():
            for w, value in zip(model.parameters(), start, strict=True):
                w.copy_(value)
        optimiser = kind(model.parameters(), lr=RATES[name])
        for _ in range(STEPS):
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(model(x), labels).backward()
            optimiser.step()
        found |= {f"{name}.{i}": w.detach().numpy().copy() for i, w in enumerate(model.parameters())}
    return found


if __name__ == "__main__":
    np.savez(Path(__file__).with_name("torch_mlp.npz"), **record())
