"""PyTorch: its static and dynamic quantisation of the digits network (torch.ao.quantization, eager) by its defaults."""

import copy
import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from pyapp.bench.framework_runs import ALONE, THREADS, TOGETHER, Quantised, Run, one_by_one
from pyapp.core.parameters import Parameters
from pyapp.quant.parameters import weight_names

ENGINES = ("x86", "fbgemm", "onednn", "qnnpack")  # kernels for integers; the first that is there is torch's default


def networks(p: Parameters, images: np.ndarray, _: Path | None) -> tuple[list[Quantised], dict[str, str]]:
    """The networks and torch's version. `images` (N, 784) calibrate. ImportError without torch."""
    import torch

    engines = [name for name in ENGINES if name in torch.backends.quantized.supported_engines]
    whole = float_network(p)
    found = [Quantised("torch, float32", saved(whole), runs(whole))]
    first, *others = engines
    for name, quantise in (("static", lambda: static(whole, images, first)), ("dynamic", lambda: dynamic(whole))):
        made = {}
        for engine in engines:  # weights are packed for the engine that is set when they are quantised
            with using(engine), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # that this interface will move to torchao, and the like
                made[engine] = quantise()
        more = {f"kernels of {engine}": run(made[engine], engine=engine) for engine in others}
        found.append(Quantised(f"torch, {name}", saved(made[first]), runs(made[first], first) | more))
    return found, {"torch": torch.__version__}


def float_network(p: Parameters) -> Any:
    """The network in torch: linear layers with ReLU between them."""
    import torch

    layers = []
    for name in weight_names(p):
        layer = torch.nn.Linear(*reversed(p[name].shape))
        layer.load_state_dict({"weight": torch.from_numpy(p[name].copy()),
                               "bias": torch.from_numpy(p[name.replace("weight", "bias")].copy())})
        layers += [layer, torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1]).eval()


def static(network: Any, images: np.ndarray, configured: str) -> Any:
    """Observed on the calibration images, then converted for the engine that is set, with each ReLU fused into its
    layer. The configuration is the default of the engine `configured`, so that all engines get the same codes."""
    import torch
    from torch.ao import quantization

    made = torch.nn.Sequential(quantization.QuantStub(), *copy.deepcopy(network), quantization.DeQuantStub()).eval()
    quantization.fuse_modules(made, [[str(i), str(i + 1)] for i, layer in enumerate(made)
                                     if isinstance(layer, torch.nn.Linear) and isinstance(made[i + 1], torch.nn.ReLU)],
                              inplace=True)
    made.qconfig = quantization.get_default_qconfig(configured)
    quantization.prepare(made, inplace=True)
    with torch.inference_mode():
        made(torch.from_numpy(images.copy()))
    return quantization.convert(made)


def dynamic(network: Any) -> Any:
    """Dynamic quantisation: int8 weights; the range of activations is measured in each run."""
    import torch
    from torch.ao import quantization

    return quantization.quantize_dynamic(network, {torch.nn.Linear}, dtype=torch.qint8)


def saved(network: Any) -> int:
    """Bytes of the file that torch.save makes of the network's numbers."""
    import torch

    file = io.BytesIO()
    torch.save(network.state_dict(), file)
    return len(file.getvalue())


def runs(network: Any, engine: str = "") -> dict[str, Run]:
    """Runs of a network by setting; the first is one thread."""
    usual = run(network, engine=engine)
    return {TOGETHER: usual, ALONE: one_by_one(usual), THREADS: run(network, threads=2, engine=engine)}


def run(network: Any, threads: int = 1, engine: str = "") -> Run:
    """A run with `threads` threads and an engine's kernels. Both are settings of the process, and are restored."""
    import torch

    def logits(x: np.ndarray) -> np.ndarray:
        before = torch.get_num_threads()
        torch.set_num_threads(threads)
        try:
            with using(engine), torch.inference_mode():
                return network(torch.from_numpy(x)).numpy()
        finally:
            torch.set_num_threads(before)

    return logits


@contextmanager
def using(engine: str) -> Iterator[None]:
    """Context in which an engine's kernels compute with integers; "" keeps the present ones."""
    import torch

    before = torch.backends.quantized.engine
    torch.backends.quantized.engine = engine or before
    try:
        yield
    finally:
        torch.backends.quantized.engine = before
