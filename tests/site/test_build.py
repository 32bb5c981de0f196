"""The package's archive, the manifest, and the copy of the site: the same bytes each time, and nothing else touched."""

import json
import os
import re
import shutil
import zipfile

import pytest
from small_site import everything, pinned

import serve
from pyapp.site.build import build

FOR_DEVELOPERS = {"bench/plain.js", "lock.json", "node.mjs", "package.json"}  # in web/, but no part of the site


def test_pyapp_zip_depends_on_content_only(site):
    web, zipped = site / "web", site / "web/app/pyapp.zip"
    first = build(site)
    content = zipped.read_bytes()
    assert zipfile.ZipFile(zipped).namelist() == [
        "pyapp/__init__.py", "pyapp/core/ops.py", "weights/mlp.json", "weights/mlp.npz"]
    for path in [*site.glob("pyapp/**/*.py"), zipped, web / "app/manifest.json"]:
        os.utime(path, (1e9, 1e9))
    assert build(site) == first
    assert zipped.read_bytes() == content
    assert zipped.stat().st_mtime == 1e9  # not even rewritten, so browsers keep theirs
    (site / "pyapp/core/ops.py").write_text("new")
    assert build(site)["version"] != first["version"]
    assert zipped.read_bytes() != content


def test_manifest_is_the_site(site):
    web = site / "web"
    (web / "app/weights").mkdir(parents=True)
    (web / "app/weights/old.json").write_text("{}")
    (web / ".editor.swp").write_text("")
    manifest = build(site)
    assert json.loads((web / "app/manifest.json").read_text()) == manifest
    assert re.fullmatch("[0-9a-f]{16}", manifest["version"])
    assert sorted(manifest["files"]) == ["app/pyapp.zip", "app/weights/mlp.json", "index.html", "ui/pad.js"]
    assert all(pinned((web / name).read_bytes()) == entry for name, entry in manifest["files"].items())


def test_weights_that_few_pages_need_are_files_of_their_own(site):
    (site / "weights/gpt.npz").write_text("large")
    (site / "weights/gpt.json").write_text("{}")
    files = build(site)["files"]
    assert {"app/weights/gpt.npz", "app/weights/gpt.json", "app/weights/mlp.json"} <= set(files)
    assert (site / "web/app/weights/gpt.npz").read_text() == "large"
    inside = zipfile.ZipFile(site / "web/app/pyapp.zip").namelist()
    assert "weights/gpt.json" in inside and "weights/gpt.npz" not in inside and "weights/mlp.npz" in inside
    (site / "weights/gpt.npz").unlink()
    assert "app/weights/gpt.npz" not in build(site)["files"] and not (site / "web/app/weights/gpt.npz").exists()


def test_build_replaces_an_earlier_build_and_keeps_what_is_not_its_own(site, tmp_path, capsys):
    target, precious = tmp_path / "out/site", tmp_path / "precious"
    assert serve.main(["--build", str(target)]) == 0
    first = everything(target)
    assert first == everything(site / "web") - FOR_DEVELOPERS
    (target / "CNAME").write_text("mine")
    precious.write_text("outside")
    listed = json.loads((target / "app/manifest.json").read_text())
    listed["files"]["../../precious"] = {}
    (target / "app/manifest.json").write_text(json.dumps(listed))
    shutil.rmtree(site / "web/ui")
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
    assert everything(target) == everything(site / "web") - FOR_DEVELOPERS


@pytest.mark.parametrize("place", [".", "web", "web/sub", "../full", "../full/letter"])
def test_build_refuses_other_folders(site, tmp_path, capsys, place):
    letter = tmp_path / "full/letter"
    letter.parent.mkdir()
    letter.write_text("dear")
    assert serve.main(["--build", str(site / place)]) == 1
    assert "choose another folder" in capsys.readouterr().err
    assert letter.read_text() == "dear"
    assert not (site / "web/sub").exists()
