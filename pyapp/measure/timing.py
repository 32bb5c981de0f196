"""Timing of a call, for pages that show what they measured and for the benchmark."""

import time
from collections.abc import Callable
from typing import Any


def times_ms(call: Callable[[], Any], repeats: int) -> list[float]:
    """The time of each of `repeats` calls in milliseconds, after one call that is not counted."""
    call()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1000)
    return times
