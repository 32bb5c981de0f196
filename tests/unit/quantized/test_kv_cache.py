"""A cache of packed keys and values: its codes by hand, its bytes, and that a text read at once gets the same."""

import zlib

import numpy as np
import pytest

from pyapp.core.parameters import Parameters
from pyapp.nets.gpt import GPT, GPTSize
from pyapp.quant.packing import unpack
from pyapp.quantized.kv_cache import (
    GROUP,
    CacheSettings,
    PackedCache,
    cache_bytes,
    packed,
    use_cache,
)

SIZE = GPTSize(width=16, heads=2, blocks=2, context=80, hidden=16)
WAYS = [CacheSettings(bits, keys, values, symmetric) for bits, keys, values, symmetric in (
    (8, "channel", "token", False), (4, "token", "token", False), (2, "channel", "channel", False),
    (4, "channel", "token", True), (2, "token", "channel", True))]


def numbers(seed: int = 1, tokens: int = GROUP) -> np.ndarray:
    return np.random.default_rng(seed).normal(1, 2, (2, 3, tokens, 8)).astype(np.float32)


@pytest.mark.parametrize("bits", [2, 4, 8])
@pytest.mark.parametrize(("shared", "axis"), [("token", 3), ("channel", 2)])
def test_codes_by_hand(bits, shared, axis):
    x = numbers()
    found = packed(x, CacheSettings(bits), shared)
    low, high = x.min(axis=axis, keepdims=True), x.max(axis=axis, keepdims=True)
    scale = ((high - low) / (2**bits - 1)).astype(np.float16).astype(np.float64)
    codes = np.clip(np.rint((x - low.astype(np.float16).astype(np.float64)) / scale), 0, 2**bits - 1)
    mine = unpack(found.data, bits, x.size, signed=False).reshape(x.shape)
    assert (mine != codes).mean() < 1e-3 and np.abs(mine - codes).max() <= 1  # float32 and float64 at a half
    assert (np.abs(found.dequantize() - x) <= 0.5 * scale + 0.01 * np.abs(x) + 0.01).all()
    assert found.nbytes == -(-x.size * bits // 8) + 2 * 2 * found.scale.size
    assert found.scale.shape == low.shape


def test_symmetric_codes_have_zero_in_the_middle_and_no_lowest_number():
    x = numbers()
    found = packed(x, CacheSettings(4, symmetric=True), "token")
    codes = unpack(found.data, 4, x.size, signed=False)
    assert codes.max() <= 14 and found.nbytes == x.size // 2 + 2 * found.scale.size
    still = packed(np.zeros((1, 1, 2, 4), np.float32), CacheSettings(4, symmetric=True), "token")
    assert (still.dequantize() == 0).all() and (still.scale == 1).all()


def test_the_codes_are_the_same_in_every_runtime():
    """Their checksum, as CPython had it."""
    data = [packed(numbers(seed), way, shared).data for seed, way in enumerate(WAYS) for shared in ("token", "channel")]
    assert zlib.crc32(np.concatenate(data).tobytes()) == 5096326


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_a_cache_holds_what_its_packed_parts_say(way):
    cache, k, v = PackedCache(way, 2, 3, 80, 8), numbers(2, 70), numbers(3, 70)
    for start, stop in ((0, 5), (5, 6), (6, 40), (40, 70)):
        keys, values = cache.extend(k[:, :, start:stop], v[:, :, start:stop])
    for name, held, given in (("keys", keys, k), ("values", values, v)):
        whole = np.concatenate([part.dequantize() for part in cache.parts[name]], axis=2)
        done = 64 if getattr(way, name) == "channel" else 70
        assert cache.done[name] == whole.shape[2] == done
        np.testing.assert_array_equal(held[:, :, :done], whole)
        np.testing.assert_array_equal(held[:, :, done:], given[:, :, done:])


def network(seed: int = 5) -> tuple[GPT, Parameters]:
    model = GPT(11, SIZE)
    return model, model.initial(seed)


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_a_text_read_at_once_gets_what_the_cache_gives_token_by_token(way):
    model, p = network()
    tokens = np.random.default_rng(6).integers(0, 11, (1, 70)).astype(np.int32)
    exact = model.forward(p, tokens)
    use_cache(model, way)
    held = model.caches()
    one_by_one = np.concatenate([model.forward(p, tokens[:, i : i + 1], held) for i in range(70)])
    assert sum(cache.nbytes for cache in held) == cache_bytes(SIZE, way, 70)
    at_once = model.forward(p, tokens)
    held = model.caches()
    np.testing.assert_array_equal(model.forward(p, tokens, held), at_once)
    assert sum(cache.nbytes for cache in held) == cache_bytes(SIZE, way, 70)
    apart = np.abs(at_once - one_by_one).max(axis=1)  # a number at a half may go to the other code: rarely
    assert np.median(apart) < 1e-4 < np.abs(one_by_one - exact).mean() * (10 if way.bits == 8 else 1)


def test_bytes_of_the_float_cache():
    assert cache_bytes(SIZE, None, 70) == 2 * 2 * 70 * 16 * 4
    assert cache_bytes(SIZE, CacheSettings(8, "token", "token"), 64) == 2 * 2 * 64 * (16 + 2 * 4)


@pytest.mark.parametrize(("wrong", "why"), [
    ({"bits": 1}, "cache bits is 1"), ({"bits": 9}, "cache bits is 9; use a whole number from 2 to 8"),
    ({"bits": 4, "keys": "row"}, "keys is 'row'; use one of token, channel")])
def test_what_makes_no_sense_is_refused(wrong, why):
    with pytest.raises(ValueError, match=why):
        CacheSettings(**wrong)


def test_numbers_beyond_float16_are_refused():
    with pytest.raises(ValueError, match="beyond float16, or not finite"):
        packed(np.full((1, 1, 1, 4), 1e6, np.float32), CacheSettings(4), "token")
