"""A reader's own data as arrays of a page's snapshot: if they are small, a session file and the browser keep them."""

from collections.abc import Mapping
from functools import cached_property

import numpy as np

from pyapp.checkpoint import packed_json, unpacked_json
from pyapp.core.classes import is_name
from pyapp.data.importers import wav
from pyapp.data.importers.sounds import Sounds
from pyapp.data.importers.wav import Sound
from pyapp.data.recording import Recording
from pyapp.store import StoreError

MOST = 8_000_000  # bytes; a page records such states on the way
KEPT = "A session file holds {0}, and so does this browser for a reload."
LARGE = f"More than {MOST // 10**6} MB are not kept: open {{0}} again after a reload."
SCALE = 2**15  # of 16-bit samples
BROKEN = (KeyError, ValueError, TypeError, IndexError, AttributeError, OverflowError)


class OwnSounds:
    """The reader's sounds. `arrays` has their samples one after the other, in the smallest type that holds them
    exactly: int16 in 2^-15, float32 or float64 (N,); `lengths` and `rates`, int64 (sounds,); and the rest as JSON. It
    is empty if that would be larger than MOST."""

    def __init__(self, sounds: Sounds):
        self.sounds = sounds

    @cached_property
    def arrays(self) -> dict[str, np.ndarray]:
        each = self.sounds.sounds
        lengths = [len(sound.samples) for sound in each]
        if 2 * sum(lengths) > MOST:
            return {}
        samples = _smallest(np.concatenate([sound.samples for sound in each]))
        told = {"name": self.sounds.name, "names": self.sounds.names, "files": self.sounds.files}
        return {"samples": samples, "lengths": np.array(lengths, np.int64), "told": packed_json(told),
                "rates": np.array([sound.rate for sound in each], np.int64)} if samples.nbytes <= MOST else {}

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray], file: str) -> "OwnSounds":
        """The sounds that `arrays` gave. StoreError if they are damaged."""
        try:
            told, samples = unpacked_json(arrays["told"]), arrays["samples"]
            lengths, rates = (arrays[name].astype(np.int64) for name in ("lengths", "rates"))
            name, names, files = str(told["name"]), *(list(map(str, told[key])) for key in ("names", "files"))
            if (samples.ndim != 1 or samples.dtype not in (np.int16, np.float32, np.float64) or lengths.ndim != 1
                    or not 0 < len(lengths) == len(rates) == len(names) == len(files) or lengths.min() < 1
                    or lengths.sum() != len(samples) or not np.isfinite(samples).all()
                    or not wav.LOWEST <= rates.min() <= rates.max() <= wav.HIGHEST
                    or not all(each == "" or is_name(each) for each in names)):
                raise ValueError("samples, lengths and names do not fit together")
            samples = samples.astype(np.float64) / (SCALE if samples.dtype == np.int16 else 1)
            each = np.split(samples, np.cumsum(lengths)[:-1])
            return cls(Sounds(name, list(map(Sound, each, rates.tolist())), names, files, (), ()))
        except BROKEN as error:
            raise StoreError(f"{file}: expected sounds, found something else ({error}); use another copy") from None


def _smallest(samples: np.ndarray) -> np.ndarray:
    """Samples in the smallest type that holds them exactly."""
    codes = samples * SCALE
    if (codes == np.rint(codes)).all() and -SCALE <= codes.min() <= codes.max() < SCALE:
        return codes.astype(np.int16)
    with np.errstate(over="ignore"):
        single = samples.astype(np.float32)
    return single if (single == samples).all() else samples


def of_recording(recording: Recording) -> dict[str, np.ndarray]:
    """A recording as arrays: `values` float64 (N, channels), `labels` bool (N,) if it has some, and the rest as JSON.
    Empty if they are larger than MOST."""
    if recording.values.nbytes > MOST:
        return {}
    told = {"name": recording.name, "channels": recording.channels, "rate": recording.rate, "timed": recording.timed}
    labels = {} if recording.labels is None else {"labels": recording.labels}
    return {"values": recording.values, "told": packed_json(told), **labels}


def recording(arrays: Mapping[str, np.ndarray], file: str) -> Recording:
    """The recording that `of_recording` gave as arrays. StoreError if they are damaged."""
    try:
        told, values, labels = unpacked_json(arrays["told"]), arrays["values"], arrays.get("labels")
        name, channels, rate = str(told["name"]), tuple(map(str, told["channels"])), float(told["rate"])
        if (values.dtype != np.float64 or values.ndim != 2 or not values.size or values.shape[1] != len(channels)
                or not np.isfinite(values).all() or not 0 < rate < np.inf or not isinstance(told["timed"], bool)
                or (labels is not None and (labels.dtype != bool or labels.shape != values.shape[:1]))):
            raise ValueError("values, labels and columns do not fit together")
        return Recording(name, channels, values, rate, told["timed"], labels)
    except BROKEN as error:
        raise StoreError(f"{file}: expected a recording, found something else ({error}); use another copy") from None


def told(arrays: Mapping[str, np.ndarray], what: str) -> str:
    """A sentence about whether `what`, a pronoun, is kept: it is, if there are arrays of it."""
    return (KEPT if arrays else LARGE).format(what)


def under(prefix: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays whose names begin with a prefix, without it."""
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
