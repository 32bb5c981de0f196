"""Warnings about data, as sentences beside a command's result."""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pyapp.data.mnist import DataWarning


@contextmanager
def data_warnings() -> Iterator[None]:
    """Within this context a DataWarning is one line on standard error, without its source line."""
    with warnings.catch_warnings():
        others = warnings.showwarning

        def show(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
            if issubclass(category, DataWarning):
                print(f"bitladder: {message}", file=sys.stderr)
            else:
                others(message, category, *where, **more)

        warnings.simplefilter("default", DataWarning)
        warnings.showwarning = show
        yield
