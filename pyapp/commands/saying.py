"""Warnings and errors beside a command's result: in the command's own words, and cut to a readable length."""

import re
import sys
import warnings
from collections.abc import Container, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from pyapp.data.mnist import DataWarning

LONG = re.compile(r"\d{60,}|[^\s/]{256,}")  # a number too long to read, or what is no name of a file
ARGUMENT = re.compile(r'\b([a-z]\w*)=("[^"]*"|\[[^\]]*\]|-?\w(?:[\w.+-]*\w)?)')  # per="tensor", out=FILE, bits=[8, 4]
PLAIN = str.maketrans("", "", '[]" ')
NUMPY = re.compile(r"[a-z ]+ encountered in \w+")  # what NumPy warns of: overflow, division by zero, invalid values


def say(text: object) -> None:
    """Print a line beside a command's result, on standard error; it is lost where that cannot be written."""
    with suppress(OSError):
        print(f"bitladder: {text}", file=sys.stderr)


def shortened(text: str) -> str:
    """The text with very long words cut: errors quote what was typed, which may be thousands of digits."""
    return LONG.sub(lambda word: f"{word[0][:40]}… ({len(word[0])} characters)", text)


def option(name: str) -> str:
    """The option that sets an argument of this name."""
    return f"--{name.replace('_', '-')}"


def in_options(text: str, known: Container[str]) -> str:
    """An error of the library, which names arguments as Python has them, in the words of a command that has options for
    the `known` ones: per="tensor" becomes --per tensor, bits=[8, 4] becomes --bits 8,4."""
    def said(found: re.Match) -> str:
        name, value = found.groups()
        return f"{option(name)} {value.translate(PLAIN)}" if name in known else found[0]
    return ARGUMENT.sub(said, text)


@contextmanager
def data_warnings() -> Iterator[None]:
    """Context in which a DataWarning is one line on standard error, without its source line, said once however often
    the data is opened, as is the first of NumPy's warnings about numbers out of range."""
    with warnings.catch_warnings():
        others, said, told = warnings.showwarning, [], set()

        def show(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
            if issubclass(category, DataWarning):
                if str(message) not in told:
                    say(message)
                told.add(str(message))
            elif issubclass(category, RuntimeWarning) and NUMPY.fullmatch(str(message)):
                if not said:
                    say(f"some numbers on the way were out of range ({message})")
                said.append(message)
            else:
                others(message, category, *where, **more)

        warnings.simplefilter("default", DataWarning)
        warnings.showwarning = show
        yield
