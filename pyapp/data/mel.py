"""Log-mel features of a sound: how loud it is in each band of frequencies, over time.

All in float64: CPython and Pyodide agree within 1e-9 relative, so answers differ only where classes are all but equal.
"""

import numpy as np

FRAME, HOP, BANDS = 256, 200, 20  # samples of a frame, from one to the next; bands
LOWEST = 80.0  # Hz
FLOOR = 1e-6  # added to an energy before its logarithm: silence is a number


def mel(hertz: np.ndarray | float) -> np.ndarray | float:
    """The pitch that a frequency is heard as: m = 2595 log₁₀(1 + f / 700) (O'Shaughnessy 1987; the HTK Book, 5.4)."""
    return 2595 * np.log10(1 + np.asarray(hertz) / 700)


def hertz(mels: np.ndarray | float) -> np.ndarray | float:
    """The inverse of `mel`."""
    return 700 * (10 ** (np.asarray(mels) / 2595) - 1)


def filterbank(rate: int, bands: int = BANDS, frame: int = FRAME, lowest: float = LOWEST) -> np.ndarray:
    """Triangles of height 1 that are evenly spaced in mels from `lowest` to rate/2, each from its neighbours' middles,
    (bands, frame/2 + 1): a frame's power spectrum becomes the energy of each band (the HTK Book, 5.4)."""
    edges = hertz(np.linspace(mel(lowest), mel(rate / 2), bands + 2))
    f = np.fft.rfftfreq(frame, 1 / rate)
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    return np.maximum(0, np.minimum((f - low) / (middle - low), (high - f) / (high - middle)))


def spectra(x: np.ndarray, frame: int = FRAME, hop: int = HOP) -> np.ndarray:
    """Power spectra |FFT|² of frames under a Hann window, float64 (T, frame/2 + 1), T = 1 + (N - frame) // hop."""
    if len(x) < frame:
        x = np.pad(x, (0, frame - len(x)))
    frames = np.lib.stride_tricks.sliding_window_view(np.asarray(x, np.float64), frame)[::hop]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(frame) / frame)
    return np.square(np.abs(np.fft.rfft(frames * window, axis=1)))


def log_mel(x: np.ndarray, rate: int) -> np.ndarray:
    """log₁₀ of the energy in each band, float64 (T, BANDS), for a sound x (N,)."""
    bank = filterbank(rate)
    return np.log10(np.einsum("tf,bf->tb", spectra(x), bank) + FLOOR)
