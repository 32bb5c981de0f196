"""The contestants of the benchmark: plain JavaScript, NumPy, our engines, and, if asked for, other libraries."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PLAIN, NUMPY = "plain", "numpy"  # the baseline of all, and of what plain JavaScript does not do
OURS, ONNX = "bitladder-worker.js", "peers/onnxruntime.js"


@dataclass(frozen=True)
class Contestant:
    """A row of the results. Contestants with one `key` share a worker: `script` in web/bench, started with `settings`.
    `how` is part of each question to it, and `packages` are what npm has to bring."""

    name: str
    title: str
    key: str
    script: str
    precision: str = "float32"
    how: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    packages: tuple[str, ...] = ()


def ours(name: str, title: str, engine: str, precision: str = "float32") -> Contestant:
    return Contestant(name, title, "bitladder", OURS, precision, {"engine": engine, "precision": precision})


def onnx(kind: str, model: str, precision: str, relaxed: bool) -> Contestant:
    name, title = f"onnx-{model}", f"ONNX Runtime Web, {kind}"
    key, settings = "onnx", {}
    if relaxed:
        name, title, key, settings = f"{name}-relaxed", f"{title}, relaxed SIMD", "onnx-relaxed", {"simd": "relaxed"}
    return Contestant(name, title, key, ONNX, precision, {"model": model}, settings, ("onnxruntime-web",))


OWN = (
    Contestant(PLAIN, "Plain JavaScript", PLAIN, "plain-worker.js"),
    ours(NUMPY, "Bitladder, NumPy", "numpy"),
    ours("kernels", "Bitladder, kernels", "kernels"),
    ours("numpy-int8", "Bitladder, NumPy, int8", "numpy", "int8"),
    ours("kernels-int8", "Bitladder, kernels, int8", "kernels", "int8"),
)
PEERS = (
    Contestant("jax", "jax-js", "jax", "peers/jax.js", packages=("@jax-js/jax",)),
    Contestant("tensorflow", "TensorFlow.js", "tensorflow", "peers/tensorflow.js",
               packages=("@tensorflow/tfjs", "@tensorflow/tfjs-backend-wasm")),
    Contestant("litert", "LiteRT.js", "litert", "peers/litert.js", packages=("@litertjs/core",)),
    *(onnx(kind, model, precision, relaxed) for relaxed in (False, True)
      for kind, model, precision in (("float32", "float", "float32"), ("dynamic int8", "dynamic", "int8"),
                                     ("QDQ int8", "qdq", "int8"))),
)
