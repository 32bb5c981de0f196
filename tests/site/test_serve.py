"""The server on 127.0.0.1 and the command line; and that serve.py needs no more than a Python, old or bare."""

import ast
import re
import socket
import subprocess
import sys
import threading
import webbrowser

import serve
from pyapp.hosts import ROOT


def test_old_python_is_told_in_one_line():
    ast.parse((ROOT / "serve.py").read_text(), feature_version=(3, 8))  # else it would say SyntaxError
    script = "import runpy, sys; sys.version_info = (3, 10, 1); sys.modules['pyapp'] = None; runpy.run_path('serve.py')"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert re.fullmatch(r"Bitladder needs Python 3\.11 or newer.*\n", done.stderr)


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names)


def test_a_bare_python_is_enough():
    """The standard library and pyapp.site, also where an import hides in a function."""
    files = [ROOT / "serve.py", *(ROOT / "pyapp" / name for name in ("__init__.py", "places.py")),
             *(ROOT / "pyapp/site").rglob("*.py")]
    found = {(path.name, name) for path in files for name in imports(path)}
    assert ("cli.py", "pyapp.site.provision.provision") in found
    assert {(path, name) for path, name in found if name.split(".")[0] not in sys.stdlib_module_names
            and not re.match(r"pyapp\.(site|places|__version__)\b", name)} == set()
    bare = [sys.executable, "-ES", "serve.py", "--help"]  # -S: no packages but the standard library
    assert "--provision" in subprocess.run(bare, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_the_page_needs_nothing_of_what_makes_it():
    """The packs carry no pyapp.site, and there `bitladder serve` is no command."""
    files = set((ROOT / "pyapp").rglob("*.py")) - set((ROOT / "pyapp/site").rglob("*.py"))
    files -= {ROOT / "pyapp/commands/serving.py", ROOT / "pyapp/bench/serving.py"}  # which serve
    assert [path for path in files for name in imports(path) if name.startswith("pyapp.site")] == []


def test_taken_port_is_said_before_anything_is_fetched(site, origin, capsys):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert serve.main(["--port", str(port), "--no-open"]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"Port {port} is in use: ")
    assert "--port" in said
    assert origin.requests == []


def test_it_serves_opens_the_page_and_ends_with_ctrl_c(site, monkeypatch, capsys):
    opened = []

    def until_opened(server):
        assert server.server_address[0] == "127.0.0.1"
        for thread in threading.enumerate():
            if thread.name.endswith("(open)"):
                thread.join(10)
        raise KeyboardInterrupt

    def open(url):
        opened.append(url)

    monkeypatch.setattr(serve.Server, "serve_forever", until_opened)
    monkeypatch.setattr(webbrowser, "open", open)
    assert serve.main(["--port", "0", "--no-open"]) == 0
    assert opened == []
    assert serve.main(["--port", "0"]) == 0
    assert f"Bitladder is at {opened[0]} " in capsys.readouterr().out
