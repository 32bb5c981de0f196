"""The package's archive, the manifest, and the copy of the site: the same bytes each time, and nothing else touched."""

import builtins
import errno
import json
import os
import re
import shutil
import subprocess

import pytest
from small_site import ICONS, everything, leftovers, litter, members, pinned

import serve
from pyapp.places import ROOT
from pyapp.site.build import build, check_target, export, version_of
from pyapp.site.published import published, served

FOR_DEVELOPERS = {"bench/plain.js", "lock.json", "node.mjs", "package.json"}  # in web/, but no part of the site


def unpacked(names):
    return {name for name in names if not re.search(r"(?<!data/digits/..)\.(gz|br)$", name)}


def test_the_packs_depend_on_content_only(site, tmp_path):
    web, pack = site / "web", site / "web/app/start.pack"
    first = build(site, tmp_path)
    content = pack.read_bytes()
    assert list(members(content)) == [
        "/bitladder/pyapp/__init__.py", "/bitladder/pyapp/core/ops.py", "/bitladder/weights/mlp.json",
        "/bitladder/later.json"]
    for path in [*site.glob("pyapp/**/*.py"), pack, web / "app/manifest.json"]:
        os.utime(path, (1e9, 1e9))
    assert build(site, tmp_path) == first
    assert pack.read_bytes() == content
    assert pack.stat().st_mtime == 1e9  # not even rewritten, so browsers keep theirs
    (site / "pyapp/core/ops.py").write_text("new")
    assert build(site, tmp_path)["version"] != first["version"]
    assert pack.read_bytes() != content


def test_manifest_is_the_site(site, tmp_path):
    web = site / "web"
    (web / "app/weights").mkdir(parents=True)
    (web / "app/weights/old.json").write_text("{}")
    (web / ".editor.swp").write_text("")
    manifest = build(site, tmp_path)
    assert json.loads((web / "app/manifest.json").read_text()) == manifest
    assert re.fullmatch("[0-9a-f]{16}", manifest["version"])
    assert sorted(manifest["files"]) == [
        *ICONS, "app/pages.pack", "app/rest.pack", "app/start.pack", "app/weights/mlp.json", "app/weights/mlp.npz",
        "index.html", "ui/pad.js"]
    assert (web / "app/release.js").read_text() == f'const release = "{manifest["version"]}";\n'
    assert all(pinned((web / name).read_bytes()) == entry for name, entry in manifest["files"].items())


def test_only_known_files_are_published(site, tmp_path):
    assert serve.main(["--build", str(tmp_path / "clean")]) == 0
    litter(site / "web")
    assert serve.main(["--build", str(tmp_path / "littered")]) == 0
    assert everything(tmp_path / "littered") == everything(tmp_path / "clean")
    assert (tmp_path / "littered/app/manifest.json").read_bytes() == (tmp_path / "clean/app/manifest.json").read_bytes()


def test_every_file_of_the_repository_has_its_place():
    """A new kind of file in web/ has to be put on a list, or it is not served."""
    kept = subprocess.run(["git", "ls-files", "web"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    names = {name.removeprefix("web/") for name in kept.split()}
    own = {"bench/node.mjs", "bench/onnxruntime-web.mjs", "compile.mjs", "lock.json", "modules.json", "node.mjs",
           "package.json", "picture.png"}  # not for the page
    assert {name for name in names if not served(ROOT / "web")(name)} == own
    assert {name for name in names if not published(ROOT / "web")(name)} == own | {"single.js"} | {
        name for name in names if name.startswith("bench/")}


def test_weights_are_files_of_their_own_and_their_recipes_are_at_hand(site, tmp_path):
    (site / "weights/gpt.npz").write_text("large")
    (site / "weights/gpt.json").write_text("{}")
    files = build(site, tmp_path)["files"]
    assert {"app/weights/gpt.npz", "app/weights/gpt.json", "app/weights/mlp.json"} <= set(files)
    assert (site / "web/app/weights/gpt.npz").read_text() == "large"
    inside = members((site / "web/app/start.pack").read_bytes())
    assert "/bitladder/weights/gpt.json" in inside and "/bitladder/weights/gpt.npz" not in inside
    (site / "weights/gpt.npz").unlink()
    assert "app/weights/gpt.npz" not in build(site, tmp_path)["files"]
    assert not (site / "web/app/weights/gpt.npz").exists()


def test_build_replaces_an_earlier_build_and_keeps_what_is_not_its_own(site, tmp_path, capsys):
    target, precious = tmp_path / "out/site", tmp_path / "precious"
    assert serve.main(["--build", str(target)]) == 0
    first = everything(target)
    assert unpacked(first) == everything(site / "web") - FOR_DEVELOPERS
    (target / "CNAME").write_text("mine")
    precious.write_text("outside")
    listed = json.loads((target / "app/manifest.json").read_text())
    for name in ("../../precious", "CNAME", str(precious)):
        listed["files"][name] = pinned(b"outside")
    listed["version"] = version_of(listed["files"])
    (target / "app/manifest.json").write_text(json.dumps(listed))
    shutil.rmtree(site / "web/ui")
    (target / "ui/pad.js.gz").write_bytes(b"")
    assert serve.main(["--build", str(target)]) == 0
    assert everything(target) == first - {"ui/pad.js"} | {"CNAME"}
    assert not (target / "ui").exists()
    assert precious.exists()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("stopped_at", ["app/manifest.json", "index.html", "vendor/x/b"])
def test_interrupted_build_is_run_again(site, tmp_path, monkeypatch, stopped_at):
    target, replace = tmp_path / "out", os.replace

    def interrupted(part, path):
        if path == target / stopped_at:
            raise KeyboardInterrupt
        replace(part, path)

    monkeypatch.setattr(os, "replace", interrupted)
    assert serve.main(["--build", str(target)]) == 130
    monkeypatch.setattr(os, "replace", replace)
    assert serve.main(["--build", str(target)]) == 0
    assert unpacked(everything(target)) == everything(site / "web") - FOR_DEVELOPERS


@pytest.mark.parametrize("place", [
    ".", "..", "../..", "web", "web/sub", "web/app", "pyapp", "pyapp/site/new", "weights/new", "tests", "tests/new/er",
    ".git", ".git/hooks/new", ".ci/new", ".new", "WEB/new", "Weights", "build/../pyapp/new", "../link", "../link/new",
    "../linked/weights/new", "../other/.git/new", "../other/.GIT", "../full", "../full/letter", "../full/letter/new",
    "web/index.html",
])
def test_build_refuses_other_folders(site, tmp_path, origin, capsys, place):
    letter = tmp_path / "full/letter"
    letter.parent.mkdir()
    letter.write_text("dear")
    (site / "tests").mkdir()
    (site / ".git/hooks").mkdir(parents=True)
    (tmp_path / "link").symlink_to(site / "weights")
    (tmp_path / "linked").symlink_to(site)
    before = everything(tmp_path)
    assert serve.main(["--build", str(site / place)]) == 1
    said = capsys.readouterr().err
    assert "choose another folder" in said
    assert said.count("\n") == 1
    assert everything(tmp_path) == before
    assert origin.requests == []  # said before anything is fetched


FILES = '{"version": "0123456789abcdef", "files": '


@pytest.mark.parametrize("words", [
    FILES + '{"precious.txt": {"bytes": 1, "sha256": ""}}}', FILES + '["precious.txt"]}', FILES + '"precious.txt"}',
    FILES + "[" * 100_000, FILES + '{"precious.txt": NaN}}', FILES + "[1, [2]]}", FILES + f"{{\"a\": {'9' * 9999}}}}}",
    FILES + '{"a\\u0000b": {"bytes": 1, "sha256": ""}}}', FILES + '{"../../x": {}}}', '{"files": {"precious.txt": {}}}',
    "[]", "null", "\xff", "",
], ids=["object", "list", "text", "deep", "NaN", "numbers", "huge", "NUL", "outside", "no version", "array", "null",
        "no UTF-8", "empty"])
def test_another_programs_manifest_makes_no_earlier_build(site, tmp_path, origin, capsys, words):
    target = tmp_path / "out"
    (target / "app").mkdir(parents=True)
    (target / "app/manifest.json").write_text(words, encoding="latin-1")
    (target / "precious.txt").write_text("mine")
    before = everything(tmp_path)
    assert serve.main(["--build", str(target)]) == 1
    said = capsys.readouterr().err
    assert "is not empty, and is not an earlier build of Bitladder: choose another folder" in said
    assert said.count("\n") == 1
    assert everything(tmp_path) == before and (target / "precious.txt").read_text() == "mine"


def test_a_file_of_a_build_that_was_changed_since_stays(site, tmp_path):
    target = tmp_path / "out"
    assert serve.main(["--build", str(target)]) == 0
    (target / "ui/pad.js").write_text("mine")
    shutil.rmtree(site / "web/ui")
    assert serve.main(["--build", str(target)]) == 0
    assert (target / "ui/pad.js").read_text() == "mine"


@pytest.mark.parametrize("place", ["build/site", "dist", "public/new", "../web", "../pyapp/weights"])
def test_build_takes_any_other_folder(site, place):
    assert check_target(site, site / place) == set()


def test_an_interrupted_first_build_does_not_block_the_folder(site, tmp_path):
    (tmp_path / "out/app").mkdir(parents=True)
    (tmp_path / "out/app/.manifest.json.123.part").write_text("{")
    export(site, build(site, tmp_path), tmp_path / "out")
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("problem", [errno.EACCES, errno.EROFS, errno.ENOSPC])
@pytest.mark.parametrize("option", ["--build", "--single-file"])
def test_a_target_that_cannot_be_written_is_named_and_another_cache_is_no_help(
        site, tmp_path, monkeypatch, capsys, option, problem):
    target = tmp_path / "out" / "it.html"

    def refuse(path, *args):
        if target.parent in path.parents:
            raise OSError(problem, os.strerror(problem))
        return builtins.open(path, *args)

    monkeypatch.setattr("pyapp.site.tree.open", refuse, raising=False)
    monkeypatch.setattr("pyapp.site.single.single", lambda *args: "the page")
    assert serve.main([option, str(target)]) == 1
    said = capsys.readouterr().err
    where = re.escape(str(target.parent))
    full = rf"The disk is full\. Make room where {where}(/.*)? is, and run this again\.\n"
    named = rf"{where}/.+: {os.strerror(problem)}\. Make it readable and writable, and run this again\.\n"
    assert re.fullmatch(full if problem == errno.ENOSPC else named, said)
