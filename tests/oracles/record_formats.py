"""Record what ml_dtypes, torch and the gguf package make of numbers, so that tests have an oracle without them.

    pip install ml_dtypes torch gguf && python tests/oracles/record_formats.py
"""

from pathlib import Path

import gguf
import ml_dtypes
import numpy as np
import torch

FLOATS = {"fp8-e4m3": ml_dtypes.float8_e4m3fn, "fp8-e5m2": ml_dtypes.float8_e5m2, "fp6-e3m2": ml_dtypes.float6_e3m2fn,
          "fp6-e2m3": ml_dtypes.float6_e2m3fn, "fp4": ml_dtypes.float4_e2m1fn}
CASTS = {"fp8-e4m3": torch.float8_e4m3fn, "fp8-e5m2": torch.float8_e5m2}
BITS = {"fp8-e4m3": 8, "fp8-e5m2": 8, "fp6-e3m2": 6, "fp6-e2m3": 6, "fp4": 4}
BLOCKS = ("q8_0", "q4_0", "q4_1", "q5_0", "q5_1", "q2_k", "q3_k", "q4_k", "q5_k", "q6_k")
WRITTEN = BLOCKS[:5]


def points(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Every finite number, every middle between two, the float32 next to it on either side, numbers beyond the last,
    and some at random; float32."""
    finite = np.unique(values[np.isfinite(values)])
    middles = ((finite[1:].astype(np.float64) + finite[:-1]) / 2).astype(np.float32)
    last, step = finite[-1], finite[-1] - finite[-2]
    beyond = np.array([last + step / 4, last + step / 2, last + step, 4 * last], np.float32)
    some = (rng.standard_normal(200) * last / 3).astype(np.float32)
    return np.concatenate([finite, [-0.0], middles, np.nextafter(middles, np.float32(-np.inf)),
                           np.nextafter(middles, np.float32(np.inf)), beyond, -beyond, some]).astype(np.float32)


def floats(name: str, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """The number of every code, and the codes of numbers, by torch too where it has the type."""
    kind = FLOATS[name]
    values = np.arange(1 << BITS[name], dtype=np.uint8).view(kind).astype(np.float32)
    x = points(values, rng)
    if BITS[name] == 8:
        x = np.concatenate([x, np.array([np.nan, np.inf, -np.inf], np.float32)])
    cast = {"torch": torch.from_numpy(x).to(CASTS[name]).view(torch.uint8).numpy()} if name in CASTS else {}
    return {"values": values, "x": x, "codes": x.astype(kind).view(np.uint8), **cast}


def rows(rng: np.random.Generator) -> np.ndarray:
    """Float32 rows of 256: normal, with outliers, constant, zero, one number, ties of an 8-bit grid."""
    x = rng.standard_normal((8, 256)).astype(np.float32)
    x[1] *= rng.choice([1, 30], 256, p=[0.95, 0.05])
    x[2], x[3], x[4] = 0.25, 0, 0
    x[4, 77] = -3
    x[5] = rng.integers(-254, 255, 256) / 2
    x[5, ::32] = 127
    x[6] = np.abs(x[6]) * 1e-4
    return x


def blocks(name: str, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Random blocks and their numbers; what is made of `rows`, where the package writes the kind."""
    kind = getattr(gguf.GGMLQuantizationType, name.upper())
    size = gguf.GGML_QUANT_SIZES[kind][1]
    raw = rng.integers(0, 256, (3, size)).astype(np.uint8)
    halves = {"q4_1": (0, 2), "q5_1": (0, 2), "q2_k": (80, 82), "q3_k": (108,), "q4_k": (0, 2), "q5_k": (0, 2),
              "q6_k": (208,)}.get(name, (0,))  # where a block's float16 numbers begin
    for start in halves:
        raw[:, start:start + 2] = rng.standard_normal((3, 1)).astype(np.float16).view(np.uint8)
    found = {"raw": raw, "numbers": gguf.quants.dequantize(raw, kind)}
    if name in WRITTEN:
        found["written"] = gguf.quants.quantize(rows(np.random.default_rng(1)), kind).reshape(-1, size)
    return found


def record() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    found = {f"{name}.{key}": value for name in FLOATS for key, value in floats(name, rng).items()}
    found |= {f"{name}.{key}": value for name in BLOCKS for key, value in blocks(name, rng).items()}
    return {**found, "rows": rows(np.random.default_rng(1))}


if __name__ == "__main__":
    np.savez_compressed(Path(__file__).with_name("formats.npz"), **record())
