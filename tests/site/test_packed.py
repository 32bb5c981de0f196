"""Packed files beside those of a built site."""

import gzip
import importlib
import re

import pytest
from small_site import pinned

import serve
from pyapp.site import packed
from pyapp.site.build import build

SIZES = r"The whole site: [\d.]+ MB uncompressed, [\d.]+ MB with gzip"


def test_packed_files_lie_beside_what_they_make_smaller(site, tmp_path, monkeypatch, capsys):
    target, name = tmp_path / "out", "vendor/x/a"
    monkeypatch.setattr(importlib, "import_module", without_brotli)
    monkeypatch.setattr(packed.shutil, "which", lambda program: None)
    assert serve.main(["--build", str(target)]) == 0
    said = capsys.readouterr().out
    assert re.search(SIZES + r"\. Compressed", said) and "For .br files install the Python package brotli" in said
    content, small = (target / name).read_bytes(), (target / f"{name}.gz").read_bytes()
    assert gzip.decompress(small) == content and small[3:8] == bytes(5) and small == packed.gzipped(content)
    assert not (target / "index.html.gz").exists() and not (target / f"{name}.br").exists()
    files = build(site, tmp_path / "cache")["files"]
    sent = [target / (f"{name}.gz" if (target / f"{name}.gz").exists() else name) for name in files]
    assert packed.pack(files, target, tmp_path / "cache") == (
        sum(entry["bytes"] for entry in files.values()), sum(path.stat().st_size for path in sent), None)
    assert packed.sizes([(target / name).read_bytes() for name in files], tmp_path / "cache") == (
        packed.pack(files, target, tmp_path / "cache"))
    assert not any(f"{name}.gz" in files for name in files)


def without_brotli(name):
    raise ModuleNotFoundError(name)


@pytest.mark.parametrize("by", ["Python", "Node"])
def test_brotli_packs_by_python_or_by_node_and_once(site, tmp_path, monkeypatch, request, by):
    if by == "Node":
        request.getfixturevalue("needs_node")
        monkeypatch.setattr(importlib, "import_module", without_brotli)
    else:
        pytest.importorskip("brotli", reason="the Python package brotli is not installed")
    target, content = tmp_path / "out", (b"".join(b"%d " % n for n in range(9000)))
    assert serve.main(["--build", str(target)]) == 0
    packer, calls = packed.brotli_packer(), []
    target.joinpath("numbers").write_bytes(content)
    entry = {"numbers": pinned(content)}
    monkeypatch.setattr(packed, "brotli_packer", lambda: lambda given: calls.append(given) or packer(given))
    sizes = [packed.pack(entry, target, tmp_path / "kept") for _ in range(2)]
    assert packed.sizes([content], tmp_path / "kept") == sizes[0]
    assert sizes[0] == sizes[1] and sizes[0][2] < sizes[0][1] < sizes[0][0] == len(content)
    assert calls == [content] and (target / "numbers.br").stat().st_size == sizes[0][2]
    if by == "Python":
        assert importlib.import_module("brotli").decompress((target / "numbers.br").read_bytes()) == content


def test_a_packed_file_that_is_made_no_more_goes(site, tmp_path, monkeypatch):
    """Else a host would go on sending what was packed then."""
    target = tmp_path / "out"
    assert serve.main(["--build", str(target)]) == 0
    (target / "vendor/x/a.br").write_bytes(b"old")
    monkeypatch.setattr(packed, "brotli_packer", lambda: None)
    assert serve.main(["--build", str(target)]) == 0
    assert not (target / "vendor/x/a.br").exists()


def test_what_is_built_is_served(site, tmp_path, monkeypatch, capsys):
    assert serve.main(["--site", str(site / "web")]) == 1
    assert "holds no site: write one there with --build" in capsys.readouterr().err
    assert serve.main(["--build", str(tmp_path / "out")]) == 0
    shown = []

    def look(server):
        shown.extend(name for name in ("index.html", "app/release.js", "lock.json", "vendor/x/a.gz", "bench/plain.js")
                     if server.belongs(name))
        raise KeyboardInterrupt

    monkeypatch.setattr(serve.Server, "serve_forever", look)
    assert serve.main(["--site", str(tmp_path / "out"), "--port", "0", "--no-open"]) == 0
    assert shown == ["index.html", "app/release.js"]


@pytest.mark.parametrize(("options", "message"), [
    (["--build", ""], "argument --build: the name is empty"), (["--site", " "], "argument --site: the name is empty"),
    (["--host", ""], "argument --host: the name is empty"),
    (["--site", "a", "--build", "b"], "--site serves what is there: give it alone"),
    (["--site", "a", "--provision"], "--site serves what is there: give it alone"),
])
def test_an_empty_name_is_neither_this_folder_nor_every_address(options, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        serve.main(options)
    assert stopped.value.code == 2 and message in capsys.readouterr().err
