"""The command that a page's menu copies prints, run as it stands, what the page shows."""

import json
import shlex
import subprocess
from pathlib import Path

import pytest

from pyapp import pages
from pyapp.__main__ import main
from pyapp.runner import Runner
from pyapp.sessions import plain

# Settings beside the defaults, so that a command has words to lose; most make a page quicker.
SETTINGS = {"learn": {"size": "small"}, "text": {"tokens": "40"}, "qat": {"network": "784-32-10"},
            "errors": {"bits": 3}, "simulator": {"values": "0.1 0.4\n-3 2", "bits": 3}, "affine": {"bits": 5},
            "methods": {"rows": 32, "length": 16}, "digits": {"rate": 0.05, "bits": "4"}, "rung1": {"seed": 3}}
SLOW = ("start", "encoder", "mixed", "guidelines", "arena", "keywords", "gestures", "anomaly", "generator", "check",
        "vision", "text", "learn", "inference", "formats", "tensors", "shift")
STEPS = 2
PAGES = [pytest.param(name, marks=[pytest.mark.thorough] if name in SLOW else []) for name in pages.names()]
CLOCKED = ("speed", "times", "losses", "words", "best", "rows")  # with a clock; the last three in arena and guidelines


@pytest.fixture(scope="module")
def commands(needs_node):
    """By page: its command, the parameters and the steps."""
    asked = {}
    for meta in json.loads(json.dumps(pages.describe())):
        steps = STEPS if meta["work"] == "train" else 0
        asked[meta["name"]] = [meta, {param["name"]: param["default"] for param in meta["params"]}
                               | SETTINGS.get(meta["name"], {}), steps]
    done = subprocess.run(["node", Path(__file__).parent / "commands.mjs"], input=json.dumps([*asked.values()]),
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    said = dict(zip(asked, json.loads(done.stdout), strict=True))
    return {name: (said[name], *facts[1:]) for name, facts in asked.items()}


@pytest.mark.parametrize("page", PAGES)
def test_a_command_prints_what_the_page_shows(commands, page, capsys):
    command, params, steps = commands[page]
    program = shlex.split(command)
    assert program[:5] == ["python", "-m", "pyapp", "run", page]
    capsys.readouterr()
    assert main([*program[3:], "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    runner = Runner()
    run = runner.open(page, params)["run"]
    if steps:
        runner.advance(run, steps=steps)
    for work, there in ((runner.advance, pages.page(page).WORK == "auto"),
                        (runner.background, "--background" in program)):
        while there and not work(run, ms=1000)["done"]:
            pass
    frame = runner.look(run)
    expected = json.loads(json.dumps(plain(frame.scalars)))
    clocked = CLOCKED if page in ("arena", "guidelines") else CLOCKED[:3]
    assert found["step"] == frame.step == steps or not steps
    assert expected and {name: value for name, value in found["scalars"].items() if name not in clocked} == {
        name: value for name, value in expected.items() if name not in clocked}
