"""Long commands say on stderr how far they are, now and then; what they print on stdout is the same."""

import itertools
import re

import pytest

from pyapp.__main__ import main
from pyapp.commands import common

TEXT = "To be, or not to be, that is the question. " * 60
LONG = {
    "sensitivity": ["sensitivity", "mlp", "--method", "round", "--json"],
    "mixed": ["mixed", "mlp", "--method", "round", "--budget", "60000", "--json"],
    "evaluate with AdaRound": ["evaluate", "mlp", "--bits", "3", "--method", "adaround", "--json"],
    "evaluate vit": ["evaluate", "vit", "--images", "600", "--json"],
    "evaluate gpt": ["evaluate", "gpt", "--windows", "20", "--data", "TEXT", "--json"],
}


@pytest.mark.parametrize("name", LONG)
def test_a_long_command_says_how_far_it_is(name, monkeypatch, capsys, tmp_path):
    (tmp_path / "text.txt").write_text(TEXT * 10)
    argv = [str(tmp_path / "text.txt") if word == "TEXT" else word for word in LONG[name]]
    times = {"still": itertools.repeat(0.0), "slow": itertools.count(0.0, common.EVERY)}
    printed = {}
    for pace, clock in times.items():
        monkeypatch.setattr(common.time, "monotonic", lambda clock=clock: next(clock))
        assert main(argv) == 0
        printed[pace] = capsys.readouterr()
    assert printed["still"].err == ""
    assert printed["slow"].out == printed["still"].out
    lines = printed["slow"].err.splitlines()
    assert lines and all(re.fullmatch(r"\d+ of \d+ [a-z ]+, \d+ s", line) for line in lines)
