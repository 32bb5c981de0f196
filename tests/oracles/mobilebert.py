"""What transformers 5.24.0 with torch 2.13.0 computed for a tiny MobileBERT whose parameters are all random.

Recorded by record_mobilebert.py, which draws the network anew from its seed.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from pyapp.nets.encoder.model import Encoder, EncoderSize

RECORDED = Path(__file__).with_name("mobilebert.npz")
SIZE = EncoderSize(vocabulary=61, embedding=12, width=32, inner=16, hidden=24, layers=2, networks=3, heads=2,
                   context=20, classes=3)
WITHIN = {"rtol": 1e-4, "atol": 1e-4}  # float32 sums in another order


def check(model: Encoder, weights: Mapping[str, np.ndarray], expected: Mapping[str, np.ndarray]) -> None:
    """Hidden states, attention, pooled output and logits of one forward pass against the recorded ones."""
    ids, mask, types = (expected[name] for name in ("input_ids", "attention_mask", "token_type_ids"))
    logits = model.forward(weights, ids, mask.astype(bool), types, keep=True)
    for i, hidden in enumerate(model.hidden):
        np.testing.assert_allclose(hidden, expected[f"hidden_{i}"], err_msg=f"hidden state {i}", **WITHIN)
    for i, attention in enumerate(model.attention()):
        np.testing.assert_allclose(attention, expected[f"attn_{i}"], err_msg=f"attention of layer {i}", **WITHIN)
    np.testing.assert_allclose(model.pooled, expected["pooled"], **WITHIN)
    np.testing.assert_allclose(logits, expected["logits"], **WITHIN)
