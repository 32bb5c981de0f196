"""I-BERT's GELU in integers: a polynomial of second order in place of erf."""

import numpy as np

A, B = -0.2888, -1.769  # erf(t) = sgn(t) [A (min(|t|, -B) + B)^2 + 1]
ROOT2 = 1.4142  # the code's, where the paper has the root of 2
SHIFT = 14  # bits dropped from erf, "sufficiently large"


class IGelu:
    """out = q (erf + one), GELU(x) = x/2 (1 + erf(x / sqrt 2)) on x = S q, for a scale S or one for each channel.

    S_e = S/1.4142, b = floor(B/S_e), c = floor(1/(A S_e^2)); erf = sgn(q) [(min(|q|, -b) + b)^2 + c] >> shift,
    with scale A S_e^2 2^shift < 0; one = floor(1/that), negative too. I-BERT, ICML 2021, algorithm 2 and IntGELU.

    The constants are made in float32, as torch makes them: in float64, c is another integer on fine grids.
    The shift keeps products in 32 bits where q is a Linear's accumulator, of S below 2e-3. It makes one step of erf
    2366 S^2, so that on a grid of 8 bits nothing is left of erf; there use shift = 0.
    """

    def __init__(self, scale: float | np.ndarray, shift: int = SHIFT):
        scale = np.asarray(scale, np.float32)
        if not ((scale > 1e-9) & np.isfinite(scale)).all():
            raise ValueError(f"the input's scale is {scale.min():g}; use finite numbers above 1e-9, so that c "
                             "fits 63 bits")
        step = scale / np.float32(ROOT2)
        self.shift = np.int64(shift)
        self.reach = -_floor(np.float32(B) / step)  # codes from which on erf is 1
        self.constant = _floor(np.float32(1 / A) / step**2)  # negative
        self.erf_scale = step**2 * np.float32(A) * np.float32(2.0**shift)  # negative
        self.one = _floor(np.float32(1) / self.erf_scale)  # negative
        self.unit = scale * self.erf_scale / np.float32(2)  # negative, float32: real number of one output code

    def erf(self, q: np.ndarray) -> np.ndarray:
        """erf(S q / sqrt 2) in units of erf_scale, int64, of integers (..., C)."""
        q = q.astype(np.int64)
        outside = np.minimum(np.abs(q), self.reach) - self.reach
        return np.sign(q) * (outside * outside + self.constant) >> self.shift

    def __call__(self, q: np.ndarray) -> np.ndarray:
        """GELU in units of `unit`, int64, of integers (..., C). ValueError if not integers, or if products overflow."""
        if q.dtype.kind not in "iu":
            raise ValueError(f"inputs are {q.dtype}; give integers")
        largest = int(np.abs(q.astype(np.int64)).max(initial=0)) * (2 * int(np.abs(self.one).max()) + 4)
        if largest >= 2**63:
            raise ValueError(f"inputs times erf reach {largest:.1e}, more than 63 bits; give smaller inputs, or "
                             f"a larger shift than {self.shift}")
        return q.astype(np.int64) * (self.erf(q) + self.one)

    @staticmethod
    def real(x: np.ndarray) -> np.ndarray:
        """x/2 (1 + L(x / sqrt 2)), float64: the polynomial before anything is rounded, with the root of 2 itself."""
        t = np.minimum(np.abs(x) / np.sqrt(np.float64(2)), -B)
        return x / 2 * (1 + np.sign(x) * (A * (t + B) ** 2 + 1))


def _floor(x: np.ndarray) -> np.ndarray:
    return np.floor(x).astype(np.int64)
