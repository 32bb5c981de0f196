"""`--help` of all commands: whole phrases in one manner, and nothing of this machine in it."""

import argparse
import re

import pytest

from pyapp import places
from pyapp.__main__ import _parser, main
from pyapp.commands.common import Help, shown


def parsers(parser: argparse.ArgumentParser, name: str = ""):
    """(name, parser) of every command and sub-command."""
    yield name, parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for part, sub in action.choices.items():
                yield from parsers(sub, f"{name} {part}".strip())


def phrases(parser: argparse.ArgumentParser):
    """(option or command, its help as it is printed)."""
    written = parser._get_formatter()
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from ((choice.dest, choice.help or "") for choice in action._choices_actions)
        else:
            name = "/".join(action.option_strings) or action.metavar or action.dest
            yield name, written._expand_help(action) if action.help else ""


COMMANDS = dict(parsers(_parser()))
ALL = [(command, name, text) for command, parser in COMMANDS.items() for name, text in phrases(parser)]
LEAVES = [name for name, parser in COMMANDS.items()
          if not any(isinstance(action, argparse._SubParsersAction) for action in parser._actions)]


def test_there_is_something_to_read():
    assert len(COMMANDS) > 25 and len(ALL) > 200 and {"evaluate mlp", "serve", "ladder fit"} <= COMMANDS.keys()


@pytest.mark.parametrize(("command", "name", "text"), ALL, ids=[f"{command} {name}" for command, name, _ in ALL])
def test_a_help_is_a_phrase(command, name, text):
    assert len(text.split()) >= 2, "a phrase"
    assert not text.endswith(".") and "  " not in text and "default: None" not in text
    assert re.match(r"[a-z0-9]", text), "it goes on where the option stops"
    assert not re.match(r"(of|with|without|in) ", text), "clear without the option's name"
    assert not re.search(r"(^|[\s(='\"])(/|~|[A-Z]:\\)", text) and str(places.ROOT) not in text, "no place on a machine"
    assert not re.search(r"\boff\b|\bif absent\b", text), "none switches off, and (default: ...) is what is if absent"


@pytest.mark.parametrize("command", LEAVES)
def test_nothing_of_this_machine_is_printed(command, capsys):
    with pytest.raises(SystemExit, match=r"^0$"):
        main([*command.split(), "--help"])
    printed = capsys.readouterr().out
    assert str(places.ROOT) not in printed and str(places.WEIGHTS) not in printed


def test_shipped_files_are_named_wherever_they_lie(monkeypatch, tmp_path):
    monkeypatch.setattr(places, "WEIGHTS", tmp_path / "100 %s" / "weights")
    parser = argparse.ArgumentParser(formatter_class=Help)
    parser.add_argument("--weights", default=places.WEIGHTS / "mlp.npz", help="the network")
    parser.add_argument("--data", default=places.DIGITS, help="the digits")
    printed = parser.format_help()
    assert "the network (default: the shipped mlp.npz)" in printed
    assert "the digits (default: the shipped digits)" in printed
    assert [shown(default) for default in (3, "none", "a/b.npz")] == ["3", "none", "a/b.npz"]


def test_none_switches_off_everywhere(capsys, tmp_path):
    """Where bits can be left out, `none` says so."""
    with_bits = [(command, action) for command, parser in COMMANDS.items() for action in parser._actions
                 if set(action.option_strings) & {"--bits", "--activations", "--logit-bits"} and action.type]
    assert len(with_bits) > 10
    for command, action in with_bits:
        if "none" in (action.help or ""):
            assert action.type("none") in (None, 0), command
    found = {}
    for words in ([], ["--bits", "none"]):
        assert main(["evaluate", "mlp", *words]) == 0
        found[len(words)] = capsys.readouterr().out
    assert found[0] == found[2]
