"""Damaged files, tried one after the other: each is refused in a clear sentence, or read."""

import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable

import numpy as np

SLOW = 5.0  # seconds for one file: far beyond what any of these may take, so that a hang is found on any machine


def tried(cases: Iterable[tuple], read: Callable, refusal: type[Exception], longest: int) -> dict:
    """How many cases (what they are, then the arguments of `read`) were refused with `refusal`, in one line of at most
    `longest` characters, and read, and what was wrong."""
    found, wrong = Counter(), []
    for what, *given in cases:
        start = time.monotonic()
        try:
            with np.errstate(all="ignore"):
                read(*given)
            found["read"] += 1
        except refusal as error:
            found["refused"] += 1
            if not str(error) or len(str(error)) > longest or "\n" in str(error):
                wrong.append((*what, str(error)[: longest + 100]))
        except Exception:
            wrong.append((*what, traceback.format_exc()))
        if time.monotonic() - start > SLOW:
            wrong.append((*what, f"took {time.monotonic() - start:.1f} s"))
    return {**found, "wrong": wrong}


def told(try_all: Callable[[int], dict]) -> None:
    """Try as many as the command line says, print what came of it, and exit with status 1 if anything was wrong."""
    result = try_all(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
    for each in result["wrong"][:20]:
        print(*each, sep="\n", end="\n\n")
    print(f"{result.get('refused', 0):,} refused, {result.get('read', 0):,} read, {len(result['wrong']):,} wrong")
    sys.exit(bool(result["wrong"]))
