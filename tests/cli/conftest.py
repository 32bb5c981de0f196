"""What all tests of commands share."""

import functools

import pytest

from pyapp import __main__ as command_line


@pytest.fixture(scope="session", autouse=True)
def one_parser():
    """The parser of all commands is built once: a process has one command, the tests have two thousand."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command_line, "_parser", functools.cache(command_line._parser))
        yield
