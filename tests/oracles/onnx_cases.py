"""Cases of ONNX's quantisation operators, as dictionaries of arrays, and whether ours answers them the same.

The keys are those of the recorded files, KIND_NAME_FIELD. NumPy only: the tests in Pyodide use it too.
"""

import re
from pathlib import Path

import numpy as np

from pyapp.quant import matmul
from pyapp.quant.packing import code_range
from pyapp.quant.schemes import Granularity, Grid, quantize

RECORDED = Path(__file__).with_name("onnxruntime.npz")  # made by record_onnxruntime.py beside it
SHARED = Path(__file__).resolve().parents[3] / "shared" / "oracles" / "onnxruntime.npz"  # on development machines
FIELDS = {
    "ql": ("x", "scale", "zp", "size", "q", "dq"),  # QuantizeLinear and DequantizeLinear
    "dql": ("x", "q", "scale", "zp"),  # DynamicQuantizeLinear
    "mmi": ("A", "B", "az", "bz", "y"),  # MatMulInteger
    "qlmm": ("a", "a_scale", "a_zp", "b", "b_scale", "b_zp", "y_scale", "y_zp", "y"),  # QLinearMatMul
}
Case = dict[str, np.ndarray]


def cases(path: Path) -> dict[str, Case]:
    """The cases of a recorded file by "KIND_NAME"."""
    found: dict[str, Case] = {}
    pattern = re.compile("|".join(f"({kind}_.+?)_({'|'.join(fields)})" for kind, fields in FIELDS.items()))
    with np.load(path) as file:
        for key in file:
            if match := pattern.fullmatch(key):
                name, field = filter(None, match.groups())
                found.setdefault(name, {})[field] = file[key]
    return found


def all_agree(path: Path, kind: str) -> None:
    """Assert it for every case of a kind in a recorded file."""
    found = {name: case for name, case in cases(path).items() if name.startswith(f"{kind}_")}
    assert found
    for name, case in found.items():
        agrees(name, case)


def agrees(name: str, case: Case) -> None:
    """Assert that our answer to the case is its answer, in every code."""
    {"ql": quantize_linear, "dql": dynamic_quantize_linear, "mmi": matmul_integer,
     "qlmm": qlinear_matmul}[name.split("_")[0]](case)


def grid(scale: np.ndarray, zero_point: np.ndarray, size: int | None = None, bits: int | None = None) -> Grid:
    """Our grid for ONNX's scale and zero point: per tensor, per channel (axis 0) or per group of the last axis."""
    scale, zero_point = np.asarray(scale, np.float32), np.asarray(zero_point)
    if scale.size == 1 and not size:
        scale, zero_point, kind = scale.reshape(()), zero_point.reshape(()), "tensor"
    else:
        kind = "group" if size else "channel"
        zero_point = np.broadcast_to(zero_point, scale.shape)
    bits = bits or zero_point.dtype.itemsize * 8
    low, high = code_range(bits, zero_point.dtype.kind == "i")
    return Grid(scale, zero_point.astype(np.int32), bits, low, high, Granularity(kind, size))


def quantize_linear(case: Case) -> None:
    ours = grid(case["scale"], case["zp"], int(case["size"]) if "size" in case else None)
    equal(ours.quantize(case["x"]), case["q"])
    if "dq" in case:
        equal(ours.dequantize(case["q"]), case["dq"])


def dynamic_quantize_linear(case: Case) -> None:
    ours = quantize(case["x"], 8, "affine")
    equal(ours.scale, case["scale"])
    equal(ours.zero_point.astype(np.uint8), case["zp"])
    equal(ours.codes, case["q"])


def matmul_integer(case: Case) -> None:
    a, w, zeros = case["A"], case["B"].T, (case["az"], case["bz"])
    equal(matmul.matmul_integer(a, w, *zeros), case["y"])
    equal(matmul.matmul_integer(a, w, *zeros, matmul.row_sums(w)), case["y"])


def qlinear_matmul(case: Case) -> None:
    a, w, y = (grid(case[f"{name}_scale"], case[f"{name}_zp"]) for name in "aby")
    equal(matmul.qlinear_matmul(case["a"], a, case["b"].T, w, y), case["y"])


def equal(ours: np.ndarray, theirs: np.ndarray) -> None:
    assert ours.dtype == theirs.dtype
    np.testing.assert_array_equal(ours, theirs, strict=True)
