"""Numbers as text: base64 of their bytes, lowest byte first, and pictures as runs of ink."""

import base64
import binascii

import numpy as np

from pyapp.core.words import counted
from pyapp.seal import Broken

LONGEST = 255  # of a run: its length is one byte


def base64_of(array: np.ndarray) -> str:
    """An array's bytes, lowest byte of each number first."""
    array = np.ascontiguousarray(array)
    return base64.b64encode(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()).decode()


def array_of(text: str, dtype: np.dtype | type | str) -> np.ndarray:
    """The one-dimensional array in a text. Broken if it is not base64 of whole numbers of this type."""
    try:
        data = base64.b64decode(text, validate=True)
        return np.frombuffer(data, np.dtype(dtype).newbyteorder("<")).astype(dtype)
    except (binascii.Error, ValueError, TypeError) as error:
        raise Broken(f"numbers that are not base64 of {np.dtype(dtype)} ({error})") from None


def runs_of(pixels: np.ndarray) -> np.ndarray:
    """Pixels uint8, in any shape, as bytes: how many zeros, how many others, those others, and so on. Digits are
    mostly paper, so this takes a quarter of the space."""
    flat, found, at = pixels.reshape(-1), bytearray(), 0
    while at < len(flat):
        ink = at
        while ink < len(flat) and flat[ink] == 0 and ink - at < LONGEST:
            ink += 1
        end = ink
        while end < len(flat) and flat[end] != 0 and end - ink < LONGEST:
            end += 1
        found += bytes((ink - at, end - ink)) + flat[ink:end].tobytes()
        at = end
    return np.frombuffer(bytes(found), np.uint8)


def pixels_of(runs: np.ndarray, count: int) -> np.ndarray:
    """The `count` pixels uint8 that `runs_of` made into runs. Broken if there are more or fewer."""
    found, data, at = bytearray(), runs.tobytes(), 0
    while at + 1 < len(data) and len(found) <= count:
        found += bytes(data[at]) + data[at + 2 : at + 2 + data[at + 1]]
        at += 2 + data[at + 1]
    if len(found) != count or at != len(data):
        raise Broken(f"{counted(len(found), 'pixel')} where {count:,} were expected")
    return np.frombuffer(bytes(found), np.uint8)
