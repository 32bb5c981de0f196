"""Ctrl-C while a command's modules are still loading, which takes a second: one line and status 130, as later.

Importing this module begins it, so a program imports it first, and it imports only what Python has at its start;
`loaded` ends it.
"""

import os
import signal

STOPPED = 128 + signal.SIGINT  # the exit status of a program that Ctrl-C has ended


def _stop(number: int, frame: object) -> None:
    """End at once: an exception in the middle of an import would be told with all lines that led there."""
    try:
        os.write(2, b"bitladder: stopped\n")
    finally:
        os._exit(STOPPED)


def loaded() -> None:
    """From now on Ctrl-C raises KeyboardInterrupt again."""
    if signal.getsignal(signal.SIGINT) is _stop:
        signal.signal(signal.SIGINT, signal.default_int_handler)


if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else somebody ignores or handles it
    try:  # noqa: SIM105, for contextlib imports more
        signal.signal(signal.SIGINT, _stop)
    except ValueError:
        pass  # this is not the main thread, to which signals go
