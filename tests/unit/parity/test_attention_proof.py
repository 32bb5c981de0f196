"""The proof's attention codes say something, and no score is so near a tie that a runtime could round it otherwise."""

import numpy as np
import pytest

from pyapp.parity.attention import CASES, MARGIN, attention_codes, networks
from pyapp.softmax.shift import offsets


def test_codes_are_integers_on_their_grids_and_use_them():
    found = attention_codes()
    assert len(found) == 4 * len(CASES)
    for settings in CASES:
        for name in ("vit", "gpt"):
            q, y = (found[f"{name}.{settings.softmax}.{part}"] for part in ("logits", "probabilities"))
            assert q.dtype == y.dtype == np.int32 and q.shape == y.shape
            assert len(np.unique(q)) > 2 ** settings.logit_bits / 3 and len(np.unique(y)) >= 4
            if name == "gpt":
                assert (y[..., ~np.tri(10, dtype=bool)] == 0).all()


@pytest.mark.parametrize("settings", CASES, ids=lambda settings: settings.softmax)
def test_no_score_is_next_to_a_tie(settings):
    for network in networks(settings).values():
        attention = network.model.blocks[0].attention
        z, shift = attention.scores().astype(np.float64), attention.softmax.shift
        mask = attention.mask(*z.shape[2:])
        mask = np.ones(z.shape, bool) if mask is None else np.broadcast_to(mask, z.shape)
        rows, mask = z.reshape(-1, z.shape[-1]), mask.reshape(-1, z.shape[-1])
        steps = ((rows - offsets(rows, shift.rule, mask, shift.mean)) / shift.scale)[mask]
        assert np.abs(np.abs(steps - np.floor(steps)) - 0.5).min() > MARGIN
