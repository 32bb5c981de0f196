"""The wheel is whole: in a fresh environment and from any folder, without the repository, commands find their files."""

import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
import venv
import zipfile
from pathlib import Path

import numpy as np
import pytest

from pyapp.places import ROOT, cache_folder
from pyapp.site.build import LISTS
from pyapp.site.lock import locked_files, read_lock
from pyapp.site.tree import visible

MADE = ("vendor", "data", "app")  # what serve.py makes below web/
SDIST = "import setuptools.build_meta as backend, sys; print(backend.build_sdist(sys.argv[1]))"


def run(*command, **options):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def setuptools_version():
    try:
        return int(importlib.metadata.version("setuptools").split(".")[0])
    except importlib.metadata.PackageNotFoundError:
        return 0


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from a copy, through the source archive where setuptools is there to make one."""
    tree, out = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("wheel")
    for name in ("pyapp", "web", "weights"):
        skipped = [*MADE, "__pycache__", ".*"] if name == "web" else ["__pycache__", ".*"]
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns(*skipped))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, tree)
    for stray in ("web/notes.txt", "web/main.js.map", "web/ui/notes.txt", "weights/own.txt"):
        (tree / stray).write_text("mine")
    source, isolated = tree, []
    if setuptools_version() >= 77:  # as pyproject.toml asks; else pip fetches it
        source, isolated = out / run(sys.executable, "-c", SDIST, out, cwd=tree).split()[-1], ["--no-build-isolation"]
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", *isolated, "-w", out, source)
    return next(out.glob("*.whl"))


def test_the_wheel_has_exactly_the_files_it_needs(wheel):
    found = set(zipfile.ZipFile(wheel).namelist())
    expected = {f"pyapp/share/{name}/{file}" for name in ("web", "weights") for file in visible(ROOT / name)
                if file.split("/")[0] not in MADE and file != "picture.png"}  # the picture is the README's
    expected |= {f"pyapp/{file}" for file in visible(ROOT / "pyapp")}
    assert {name for name in found if ".dist-info/" not in name} == expected


class Installed:
    """An environment that has the wheel, a folder to stand in, and a cache of its own."""

    def __init__(self, folder, wheel):
        venv.create(folder / "env", with_pip=False, symlinks=os.name != "nt")
        self.there, self.bin = folder / "there", folder / "env" / ("Scripts" if os.name == "nt" else "bin")
        self.there.mkdir()
        self.environment = os.environ | {"BITLADDER_CACHE": str(folder / "cache"), "PYTHONDONTWRITEBYTECODE": "1"}
        run(sys.executable, "-m", "pip", "--python", self.bin / "python", "install", "--no-deps", "--no-index", wheel)
        self.packages = Path(self.python("import sysconfig; print(sysconfig.get_path('purelib'))").strip())
        self.before = set(visible(self.packages))
        (self.packages / "numpy.pth").write_text(str(Path(np.__file__).parents[1]))  # NumPy and Pillow of these tests
        self.root = Path(self.python("from pyapp import places; print(places.ROOT)").strip())

    def python(self, code):
        return run(self.bin / "python", "-c", code, cwd=self.there, env=self.environment)

    def command(self, *argv):
        return run(self.bin / "bitladder", *argv, cwd=self.there, env=self.environment)

    def refusal(self, *argv):
        done = subprocess.run([self.bin / "bitladder", *argv], cwd=self.there, env=self.environment,
                              capture_output=True, text=True)
        assert done.returncode == 2
        return done.stderr


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    return Installed(tmp_path_factory.mktemp("fresh"), wheel)


@pytest.fixture(scope="module")
def provisioned(installed):
    """With what the checkout has fetched in the cache, so that nothing comes over a network."""
    said = installed.refusal("evaluate", "mlp")
    assert said.endswith("is missing; run `bitladder serve --provision` once to fetch them\n")
    shutil.copytree(ROOT / "web/data", installed.root / "web/data")
    cache = Path(installed.environment["BITLADDER_CACHE"])
    for group in read_lock(ROOT / "web")["packages"]:
        for file in locked_files(group):
            shutil.copy(ROOT / "web" / file.path, cache / file.sha256)
    for archive in cache_folder().glob("compiled-*.zip"):
        shutil.copy(archive, cache)
    assert installed.command("serve", "--provision") == "Everything that the page and the commands need is in place.\n"
    return installed


def test_commands_work_from_any_folder(provisioned):
    for argv, said in ((["evaluate", "mlp", "--bits", "4", "--activations", "4", "--method", "qat"], r"% of 3000 "),
                       (["check"], r"(?m)^adam .* ok$"), (["ladder", "rollout"], r"\n.* \.\n$"),
                       (["run", "digits", "--steps", "1"], r"^step 1\n"), (["generate", "gpt", "--tokens", "2"], "."),
                       (["softmax-error"], r"^L1 "), (["--help"], r"^usage: bitladder ")):
        assert re.search(said, provisioned.command(*argv)), argv


def test_a_drawn_digit_is_read_again(provisioned):
    provisioned.command("digits", "--generator", "teacher", "--digit", "7", "--count", "1", "--out", "seven.png")
    assert provisioned.command("predict", "seven.png").startswith("7 ")


def test_the_pages_are_all_there(provisioned):
    assert json.loads(provisioned.command("pages")) == json.loads((ROOT / "web/pages.json").read_text())


def test_it_builds_the_very_site_of_the_checkout(provisioned, tmp_path, monkeypatch):
    """Without brotli, which would take a minute."""
    (provisioned.there / "without").mkdir()
    (provisioned.there / "without/brotli.py").write_text("raise ModuleNotFoundError")
    monkeypatch.setitem(provisioned.environment, "PYTHONPATH", str(provisioned.there / "without"))
    monkeypatch.setitem(provisioned.environment, "PATH", str(provisioned.bin))
    said = provisioned.command("serve", "--build", tmp_path / "site")
    assert "For .br files install the Python package brotli or Node.js, and build again." in said
    made = json.loads((ROOT / "web/app/manifest.json").read_text())
    assert json.loads((tmp_path / "site/app/manifest.json").read_text()) == made
    names = {*made["files"], *LISTS}
    assert {name for name in visible(tmp_path / "site") if name in names or not name.endswith(".gz")} == names
    assert (tmp_path / "site/vendor/pyodide/pyodide.asm.wasm.gz").is_file()


def test_it_serves_the_page(provisioned):
    server = subprocess.Popen([provisioned.bin / "bitladder", "serve", "--no-open", "--port", "0"], text=True,
                              stdout=subprocess.PIPE, cwd=provisioned.there, env=provisioned.environment)
    try:
        url = re.search(r"http://\S+", server.stdout.readline()).group()
        for name in json.loads(urllib.request.urlopen(f"{url}app/manifest.json").read())["files"]:
            assert urllib.request.urlopen(url + name).status == 200
    finally:
        server.terminate()
        server.wait()
        server.stdout.close()


def test_nothing_is_written_beside_the_code(provisioned):
    provisioned.command("serve", "--provision")
    assert set(visible(provisioned.packages)) == provisioned.before | {"numpy.pth"}


def test_files_of_an_earlier_version_are_removed(provisioned):
    root = provisioned.root
    stray = [root / name for name in ("pyapp/old.py", "weights/old.npz", "web/ui/old.js", "web/.a.js.1.part")]
    for path in stray:
        path.write_text("old")
    (root / "web/main.js").write_text("changed")
    provisioned.command("serve", "--provision")
    assert [path for path in stray if path.exists()] == []
    assert (root / "web/main.js").read_bytes() == (ROOT / "web/main.js").read_bytes()
    assert (root / "web/data/digits").is_dir()
