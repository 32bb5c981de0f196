"""Fresh random MobileBERTs of transformers, where it is installed, beside the recorded one."""

from dataclasses import replace

import pytest
from oracles.mobilebert import SIZE, check

from pyapp.nets.encoder import huggingface

SIZES = {"recorded": SIZE, "one layer": replace(SIZE, layers=1, networks=1, heads=4),
         "no trigram": replace(SIZE, trigram=False, classes=5, context=11)}


@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize("seed", [11, 12])
def test_random_networks_agree(name, seed):
    because = 'pip install -e ".[oracle]" to compare with transformers itself'
    pytest.importorskip("torch", reason=because)
    pytest.importorskip("transformers", reason=because)
    from oracles.record_mobilebert import recorded

    expected = recorded(SIZES[name], seed)
    own = {key.removeprefix("sd."): array for key, array in expected.items() if key.startswith("sd.")}
    model, weights = huggingface.network(own, {"num_attention_heads": SIZES[name].heads}, "fresh")
    assert model.size == SIZES[name]
    check(model, weights, expected)
