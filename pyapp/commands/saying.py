"""Warnings and errors beside a command's result, cut to a readable length."""

import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pyapp.data.mnist import DataWarning

LONG = re.compile(r"\d{60,}|[^\s/]{256,}")  # a number that nobody reads, and what is no name of a file
NUMPY = re.compile(r"[a-z ]+ encountered in \w+")  # what NumPy warns of: overflow, division by zero, invalid values


def shortened(text: str) -> str:
    """The text with very long words cut: errors quote what was typed, which may be thousands of digits."""
    return LONG.sub(lambda word: f"{word[0][:40]}… ({len(word[0])} characters)", text)


@contextmanager
def data_warnings() -> Iterator[None]:
    """Within this context a DataWarning is one line on standard error, without its source line; so is the first of
    NumPy's warnings about numbers out of range."""
    with warnings.catch_warnings():
        others, said = warnings.showwarning, []

        def show(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
            if issubclass(category, DataWarning):
                print(f"bitladder: {message}", file=sys.stderr)
            elif issubclass(category, RuntimeWarning) and NUMPY.fullmatch(str(message)):
                if not said:
                    print(f"bitladder: some numbers on the way were out of range ({message})", file=sys.stderr)
                said.append(message)
            else:
                others(message, category, *where, **more)

        warnings.simplefilter("default", DataWarning)
        warnings.showwarning = show
        yield
