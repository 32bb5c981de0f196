"""Damaged copies of sessions: each is refused in a clear sentence, or is right.

    PYTHONPATH=. python tests/unit/fuzz_sessions.py 10000

A copy is cut, has bytes changed, or is a valid .npz file whose description or arrays were changed. What is opened must
go on training and be saved again; what is refused must leave the run that was there as it was.
"""

import sys
import traceback
from collections import Counter

import numpy as np

from pyapp import npz
from pyapp.checkpoint import packed_json, unpacked_json
from pyapp.runner import Runner
from pyapp.sessions import StoreError

QUICK = {"rung1": {}, "rung7": {}, "simulator": {"bits": 3}}
ALL = {**QUICK, "rung3": {}, "digits": {"shift": 1}, "vision": {"weights": "own"}, "text": {"tokens": 9},
       "learn": {"size": "small"}}
ODD = [None, -1, 0, 1, 2**40, 1e308, "", "x", "9" * 5000, [], {}, [[]], True, "\ud83d", {"a": {"b": []}}]


def samples(pages: dict) -> list[tuple[str, bytes]]:
    found = []
    for page, params in pages.items():
        runner = Runner()
        run = runner.open(page, params)["run"]
        runner.advance(run, steps=8)
        if page in QUICK:
            runner.pin(run)
        found.append((page, bytes(runner.save(run)["file"])))
    return found


def damaged(data: bytes, rng: np.random.Generator) -> bytes:
    kind = rng.integers(6)
    if kind == 0:
        return data[: rng.integers(len(data))]
    if kind == 1:
        changed = bytearray(data)
        for at in rng.integers(len(data), size=rng.integers(1, 9)):
            changed[at] = rng.integers(256)
        return bytes(changed)
    if kind == 2:
        at, end = sorted(rng.integers(len(data), size=2))
        return data[:at] + data[end:] + data[at:end]
    arrays = npz.unpack(data)
    name = str(rng.choice(sorted(arrays)))
    if kind == 3:
        about = unpacked_json(arrays["about"])
        place = about
        while True:
            keys = list(place) if isinstance(place, dict) else range(len(place)) if isinstance(place, list) else ()
            if not keys:
                break
            key = keys[rng.integers(len(keys))]
            if rng.random() < 0.6 or not isinstance(place[key], (dict, list)) or not place[key]:
                place[key] = ODD[rng.integers(len(ODD))]
                break
            place = place[key]
        arrays["about"] = packed_json(about)
    elif kind == 4:
        params = unpacked_json(arrays["params"])
        if params:
            params[str(rng.choice(list(params)))] = ODD[rng.integers(len(ODD))]
        arrays["params"] = packed_json(params)
    else:
        array = arrays.pop(name)
        change = rng.integers(5)
        if change == 0 and array.size:
            flat = array.reshape(-1).copy()
            odd = [np.nan, np.inf, 0, -1, 1e30] if array.dtype.kind == "f" else [0, 1, 127, 255]
            flat[rng.integers(len(flat))] = odd[rng.integers(len(odd))]
            arrays[name] = flat.reshape(array.shape)
        elif change == 1:
            arrays[name] = array.astype(str(rng.choice(["float64", "int32", "uint8", "float16", "int64"])))
        elif change == 2:
            arrays[name] = array.reshape(-1)[: array.size // 2]
        elif change == 3:
            arrays[str(rng.choice(sorted(arrays)))] = array
    return npz.pack(arrays)


def try_all(count: int, seed: int = 0, pages: dict = ALL) -> dict:
    """Try damaged sessions: how many were refused, how many opened, and what was wrong."""
    rng, found, wrong = np.random.default_rng(seed), Counter(), []
    known, runner = samples(pages), Runner()
    runs = {}
    for page, _ in known:
        runs[page] = runner.open(page, pages[page])["run"]
        runner.advance(runs[page], steps=2)
    for i in range(count):
        page, data = known[rng.integers(len(known))]
        bad = damaged(data, rng)
        before = bytes(runner.save(runs[page])["file"])
        try:
            with np.errstate(all="ignore"):
                runner.restore(runs[page], bad, "x.bitladder")
                runner.advance(runs[page], steps=1)
            runner.restore(runs[page], runner.save(runs[page])["file"], "again.bitladder")
            found["opened"] += 1
            runner.restore(runs[page], before, "before.bitladder")
        except StoreError as error:
            found["refused"] += 1
            if not str(error) or len(str(error)) > 2000 or "again" in str(error)[:20]:
                wrong.append((seed, i, page, str(error)[:300]))
            if bytes(runner.save(runs[page])["file"]) != before:
                wrong.append((seed, i, page, f"changed by what was refused: {str(error)[:200]}"))
        except Exception:
            wrong.append((seed, i, page, traceback.format_exc()))
    return {**found, "wrong": wrong}


if __name__ == "__main__":
    result = try_all(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
    for each in result["wrong"]:
        print(*each, sep="\n", end="\n\n")
    print(f"{result.get('refused', 0):,} refused, {result.get('opened', 0):,} opened, {len(result['wrong']):,} wrong")
    sys.exit(bool(result["wrong"]))
