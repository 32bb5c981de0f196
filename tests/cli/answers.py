"""What the tests of many commands share: every option in the parser, and the answer to a bad command line."""

import argparse

from pyapp.__main__ import _parser, main


def options() -> list[tuple[str, argparse.Action]]:
    """Every option and argument of every command, with the command's name."""
    found = []

    def walk(parser: argparse.ArgumentParser, name: str) -> None:
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                for key, sub in action.choices.items():
                    walk(sub, f"{name} {key}".strip())
            else:
                found.append((name, action))

    walk(_parser(), "")
    return found


def refusal(capsys, *argv: str) -> str:
    """The one sentence, from argparse or the command, with which a command line is refused."""
    try:
        status = main(list(argv))
    except SystemExit as exit:
        status = exit.code
    said = capsys.readouterr()
    assert status == 2, (argv, said)
    *usage, last = said.err.splitlines()
    assert "Traceback" not in said.err and len(last) < 600, said.err
    assert all(line.startswith(("usage:", " ")) or line[0].isdigit() for line in usage), usage
    return last
