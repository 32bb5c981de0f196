"""The constants of HCCS and EXAQ fitted to every head of a trained transformer, and what that gains on other inputs."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np

from pyapp.core.parameters import Parameters
from pyapp.measure.attention_logits import record
from pyapp.nets.gpt import GPT
from pyapp.nets.vit import ViT
from pyapp.quantized.attention_softmax import round_up
from pyapp.softmax.exaq import EXAQ2, EXAQ3, spread
from pyapp.softmax.hccs import HCCS, fit
from pyapp.softmax.measures import errors, reference
from pyapp.softmax.method import Method
from pyapp.softmax.shift import calibrate

BITS = 8  # of the logits, as HCCS's kernel takes them
FIT_ROWS = 192  # softmaxes of a head that the integers are searched on


def fitted(model: ViT | GPT, p: Parameters, calibration: np.ndarray, held_out: np.ndarray) -> Iterator[dict[str, Any]]:
    """One row per head: layer and head, counted from 1, the constants, and the mean L1 per softmax before and after.

    Logits are float64 and rounded to 8 bits, one symmetric scale per layer. Scale and constants come from one set of
    inputs, as `forward` takes them, and all errors are those on the other.
    """
    p = p.astype(np.float64)
    recorders = record([block.attention for block in model.blocks])

    def scores(inputs: np.ndarray) -> list[np.ndarray]:
        model.forward(p, inputs)
        return [recorder.scores for recorder in recorders]  # each B, H, T, T

    causal = model.blocks[0].attention.mask(*[model.size.context] * 2) if isinstance(model, GPT) else None
    for layer, (seen, other) in enumerate(zip(scores(calibration), scores(held_out), strict=True), 1):
        z, mask = _rows(seen, causal)
        scale = round_up(calibrate(z, BITS, "none", mask).scale)
        for head in range(seen.shape[1]):
            yield {"layer": layer, "head": head + 1, "scale": scale,
                   **_head(scale, *_rows(seen[:, head], causal), *_rows(other[:, head], causal))}


def _head(scale: float, z: np.ndarray, mask: np.ndarray, other: np.ndarray, counts: np.ndarray) -> dict[str, Any]:
    """What one head gains: fitted on logits z (R, N) where `mask` is True, measured on `other` where `counts` is."""
    some = slice(None, None, -(-len(z) // FIT_ROWS))
    q, found = _codes(z, scale), {}
    lines = {checked: fit(q[some], reference(z[some], mask[some]), mask[some], checked) for checked in (True, False)}
    sigma, lowest = spread(q, scale, mask)
    q, p = _codes(other, scale), reference(other, counts)

    def l1(method: Method) -> float:
        return errors(method.probabilities(q, counts), p, counts).l1_per_row

    for checked, integers in lines.items():
        found["hccs" if checked else "hccs_to_0"] = {**asdict(integers), "before": l1(HCCS(scale)),
                                                     "after": l1(HCCS(scale, integers))}
    for exaq in (EXAQ3, EXAQ2):
        found[exaq.name] = {"sigma": sigma, "lowest": lowest, "before": l1(exaq(scale)),
                            "after": l1(exaq(scale, sigma, lowest))}
    return found


def _codes(z: np.ndarray, scale: float) -> np.ndarray:
    high = (1 << (BITS - 1)) - 1
    return np.clip(np.rint(z / scale), -high, high).astype(np.int32)


def _rows(scores: np.ndarray, mask: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Scores (..., T, S) as rows (R, S), and bool (R, S) where they count."""
    counts = np.broadcast_to(np.bool_(True) if mask is None else mask, scores.shape)
    return scores.reshape(-1, scores.shape[-1]), counts.reshape(-1, scores.shape[-1])
