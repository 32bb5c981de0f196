"""What record_torch_transformer.py recorded, under the names of our parameters."""

from pathlib import Path

import numpy as np
import pytest

from pyapp.core.parameters import Parameters, Shapes

RECORDED = np.load(Path(__file__).with_name("torch_transformer.npz"))
NAMES = {"attention.qkv.": "self_attn.in_proj_", "attention.out.": "self_attn.out_proj.", "up.": "linear1.",
         "down.": "linear2.", "class.": ""}
TOLERANCES = {np.float64: 1e-10, np.float32: 1e-5}  # recorded values are float64
in_both_precisions = pytest.mark.parametrize("dtype", TOLERANCES)


class Case:
    """A layer or network: inputs, outputs and gradients that torch found, beside ours. `own` begins the
    names of our parameters and is not in the recorded ones."""

    def __init__(self, name: str, own: str = ""):
        self.name, self.own = name, own

    def array(self, key: str, dtype: type | None = None) -> np.ndarray:
        found = RECORDED[f"{self.name}.{key}"]
        return found if dtype is None else found.astype(dtype)

    def rows(self, key: str, dtype: type) -> np.ndarray:
        """The array with all but the last axis as one."""
        found = self.array(key, dtype)
        return found.reshape(-1, found.shape[-1])

    def parameters(self, shapes: Shapes, dtype: type) -> Parameters:
        p = Parameters(shapes, dtype)
        for name in p:
            p[name][:] = self.array(self.theirs(name)).reshape(p[name].shape)
            p.grad[name][:] = 0
        return p

    def theirs(self, name: str) -> str:
        for ours, torch in NAMES.items():
            name = name.replace(ours, torch)
        return name.removeprefix(self.own)

    def check(self, found: np.ndarray, key: str, dtype: type) -> None:
        """Within the tolerance of the precision, and in it."""
        expected = self.array(key)
        assert found.dtype == dtype
        np.testing.assert_allclose(found.reshape(expected.shape), expected, rtol=TOLERANCES[dtype],
                                   atol=TOLERANCES[dtype], err_msg=key)

    def check_gradients(self, p: Parameters, dtype: type) -> None:
        for name in p:
            self.check(p.grad[name], f"grad.{self.theirs(name)}", dtype)
