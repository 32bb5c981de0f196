"""Ranges against torch.ao's observers, where torch is installed (extra `oracle`)."""

import numpy as np
import pytest

from pyapp.quant.calibrate import BATCH, MOMENTUM, calibrate

torch = pytest.importorskip("torch", reason="torch is not installed: pip install .[oracle]")
observers = pytest.importorskip("torch.ao.quantization.observer", reason="this torch has no torch.ao observers")

SCHEMES = {"affine": (torch.per_tensor_affine, torch.quint8, 0, 255),
           "symmetric": (torch.per_tensor_symmetric, torch.qint8, -127, 127)}


def observed(kind, x: np.ndarray, scheme: str, batch: int, **options) -> tuple[float, int]:
    qscheme, dtype, low, high = SCHEMES[scheme]
    observer = kind(dtype=dtype, qscheme=qscheme, quant_min=low, quant_max=high, eps=1e-12, **options)
    for start in range(0, len(x), batch):
        observer(torch.from_numpy(x[start: start + batch]))
    scale, zero_point = observer.calculate_qparams()
    return float(scale), int(zero_point)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_minmax_and_moving_average_are_torchs(scheme, relu, seed):
    x = np.random.default_rng(seed).standard_normal((1000, 30)).astype(np.float32) * 3 + np.float32(0.7)
    x = np.maximum(x, 0) if relu else x
    wanted = {"minmax": observed(observers.MinMaxObserver, x, scheme, len(x)),
              "ema": observed(observers.MovingAverageMinMaxObserver, x, scheme, BATCH,
                              averaging_constant=1 - MOMENTUM)}
    for method, (scale, zero_point) in wanted.items():
        grid = calibrate(x, method, 8, scheme)
        assert grid.scale == pytest.approx(scale, rel=2e-6) and grid.zero_point == zero_point
