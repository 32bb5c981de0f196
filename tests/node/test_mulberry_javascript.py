"""Python's Mulberry32 against the JavaScript function that everybody uses."""

import json
import subprocess
from pathlib import Path

import numpy as np

from pyapp.digitgen import mulberry

SCRIPT = Path(__file__).parent / "mulberry.mjs"
FIRST = 210  # numbers: a picture takes 10 for its latents and 192 for its style


def test_a_thousand_seeds_give_the_same_numbers(needs_node):
    known = [0, 1, 1337, 2**31 - 1, 2**31, 2**31 + 1, 2**32 - 2, 2**32 - 1]
    seeds = np.append(known, np.random.default_rng(7).integers(0, 2**32, 1000 - len(known))).astype(np.uint32)
    asked = json.dumps([[int(seed), FIRST] for seed in seeds])
    done = subprocess.run(["node", str(SCRIPT)], input=asked, capture_output=True, text=True, check=True)
    np.testing.assert_array_equal(mulberry.uniform(seeds, FIRST), np.array(json.loads(done.stdout)))
    assert len(seeds) == 1000
