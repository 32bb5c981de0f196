"""A disk that fails at a chosen step of a write."""

import errno
import os

import pytest

from pyapp import files

FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture
def failing(monkeypatch):
    """Lets the call number n of a step fail, and every later one if `ever`; returns how often the step was called."""
    def fail(step: str, n: int, ever: bool = False, error: BaseException = FULL) -> list[int]:
        owner = files if step == "open" else os
        calls, original = [0], open if step == "open" else getattr(os, step)

        def call(*args, **options):
            if step != "open" or "w" in args[1]:
                calls[0] += 1
                if calls[0] == n or (ever and calls[0] > n):
                    raise error
            return original(*args, **options)

        monkeypatch.setattr(owner, step, call, raising=False)
        return calls

    return fail
