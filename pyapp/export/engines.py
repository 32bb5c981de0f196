"""Programs on this machine that can run an export: Node, a C compiler. What is not installed is left out."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from pyapp.export.proof import Run

PATIENCE = 600  # seconds; a driver takes one or two, more on a busy machine
WHERE, DIFFERENCE, PRINT = (re.compile(text) for text in (
    r"^PARITY FAILS at (.*)$", r"^PARITY OK, largest difference (\S+)$", r"^fingerprint ([0-9a-f]{8})$"))


def version(command: str) -> str | None:
    """The first line of a program's --version; None if it is not installed, or if no program can run here."""
    if shutil.which(command) is None:
        return None
    try:
        told = subprocess.run([command, "--version"], capture_output=True, text=True, timeout=PATIENCE, check=False)
        return told.stdout.splitlines()[0] if told.stdout else command
    except OSError:  # Pyodide has no processes
        return None


def compiles(command: Sequence[str]) -> bool:
    """Whether a C compiler with these flags makes programs that run here: a sanitizer needs a library of its own."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "none.c").write_text("#include <stdint.h>\n#include <stdio.h>\nint main(void) { return 0; }\n")
        try:
            return not any(_ran(folder, words).returncode for words in ([*command, "-o", "none", "none.c"], ["./none"]))
        except OSError:
            return False


def driven(engine: str, files: Mapping[str, bytes], *commands: Sequence[str]) -> Run:
    """Write an export's files into a folder of its own and run the commands there. The last one is a driver, which
    prints `PARITY OK, largest difference D` or `PARITY FAILS at ...`, then `fingerprint F`."""
    with tempfile.TemporaryDirectory() as folder:
        for name, data in files.items():
            (Path(folder) / name).write_bytes(data)
        for command in commands:
            done = _ran(folder, command)
            if done.returncode and command is not commands[-1]:
                return Run(engine, float("inf"), "", f"{command[0]}: {_last(done.stderr)}")
    found = {kind: line[1] for text in done.stdout.splitlines() for kind in (WHERE, DIFFERENCE, PRINT)
             if (line := kind.match(text))}
    if PRINT not in found or not {WHERE, DIFFERENCE} & set(found):
        return Run(engine, float("inf"), "", f"{commands[-1][0]} ended without a verdict: {_last(done.stderr)}")
    return Run(engine, float(found.get(DIFFERENCE, "inf")), found[PRINT], found.get(WHERE, ""))


def _ran(folder: str, command: Sequence[str]) -> subprocess.CompletedProcess:
    """Run a command in a folder; a name that begins with ./ is a program in that folder."""
    program = str(Path(folder) / command[0]) if command[0].startswith("./") else command[0]
    return subprocess.run([program, *command[1:]], cwd=folder, capture_output=True, text=True, timeout=PATIENCE,
                          check=False, env={**os.environ, "NO_COLOR": "1"})


def _last(text: str) -> str:
    return (text.strip().splitlines() or ["it printed nothing"])[-1][:200]
