"""Log-mel features: the filterbank against its formula worked out on its own, Parseval's theorem, and a tone's band."""

import math

import numpy as np

from pyapp.data.mel import BANDS, FRAME, HOP, filterbank, hertz, log_mel, mel, spectra


def test_mels_are_those_of_the_formula_and_back():
    assert float(mel(1000.0)) == 2595 * math.log10(1 + 1000 / 700)
    assert abs(float(mel(1000.0)) - 1000) < 0.1  # by which the scale was made
    np.testing.assert_allclose(hertz(mel(np.array([80.0, 440, 3999]))), [80, 440, 3999], rtol=1e-12)


def test_the_filterbank_is_triangles_between_mels():
    rate, bank = 8000, filterbank(8000)
    low, high = (2595 * math.log10(1 + f / 700) for f in (80, rate / 2))
    edges = [700 * (10 ** ((low + (high - low) * i / (BANDS + 1)) / 2595) - 1) for i in range(BANDS + 2)]
    for b in range(BANDS):
        for k in range(FRAME // 2 + 1):
            f = k * rate / FRAME
            rise, fall = (f - edges[b]) / (edges[b + 1] - edges[b]), (edges[b + 2] - f) / (edges[b + 2] - edges[b + 1])
            assert math.isclose(bank[b, k], max(0.0, min(rise, fall)), rel_tol=1e-9, abs_tol=1e-12)


def test_the_spectrum_holds_the_energy_of_the_windowed_frame():
    x = np.random.default_rng(2).standard_normal(FRAME + 3 * HOP)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)
    power = spectra(x)
    assert power.shape == (4, FRAME // 2 + 1)
    for t in range(4):  # Parseval; all but the first and the last frequency stand for two
        energy = np.square(x[t * HOP : t * HOP + FRAME] * window).sum()
        assert math.isclose((2 * power[t].sum() - power[t, 0] - power[t, -1]) / FRAME, energy, rel_tol=1e-12)
    assert spectra(x[:10]).shape == (1, FRAME // 2 + 1)


def test_a_tone_is_loudest_in_its_band():
    tone = np.sin(2 * np.pi * 700 * np.arange(8000) / 8000)
    middles = hertz(np.linspace(mel(80), mel(4000), BANDS + 2))[1:-1]
    assert set(log_mel(tone, 8000).argmax(axis=1).tolist()) == {int(np.abs(middles - 700).argmin())}
    assert log_mel(np.zeros(8000), 8000).max() == -6  # the floor
