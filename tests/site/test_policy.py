"""The page's Content-Security-Policy and the hashes of its import map."""

import base64
import hashlib
import json
import re
import shutil

import pytest

from pyapp.places import ROOT
from pyapp.site.build import build
from pyapp.site.policy import check_page, policy, sealed
from pyapp.site.terminal import Failure


def test_the_pages_policy_and_hashes_are_true(tmp_path):
    """By a second way: the lock's hashes and the import map's, computed from the files and the page."""
    lock, page = json.loads((ROOT / "web/lock.json").read_text()), (ROOT / "web/index.html").read_text()
    check_page(ROOT / "web")
    assert page == sealed(page, lock)
    text = page.split('<script type="importmap">')[1].split("</script>")[0]
    imports, hashes = json.loads(text).values()
    assert set(hashes) == {url for url in imports.values() if url != "./ui/html.js"}  # the only one of the site's own
    for url, said in hashes.items():
        assert said == digest(ROOT / "web" / url)
    (tmp_path / "map").write_text(text)
    assert re.search("http-equiv=\"Content-Security-Policy\" content=\"([^\"]*)\"", page)[1] == policy(
        script_src=f"'{digest(tmp_path / 'map')}'")
    assert not re.search("'unsafe-inline'|'unsafe-eval'|https?:(?!//www.w3.org/2000/svg)", page)
    assert re.findall("<script(?! src=| type=\"importmap\")|<style| style=| on[a-z]+=\"", page) == []


def digest(path):
    return "sha256-" + base64.b64encode(hashlib.sha256(path.read_bytes()).digest()).decode()


@pytest.mark.parametrize("change", [("preact", "praect"), ("'self'", "*"), ("importmap\">\n", "importmap\">\n\n")])
def test_a_page_whose_policy_is_not_true_is_not_built(site, tmp_path, change):
    page = (ROOT / "web/index.html").read_text()
    shutil.copy(ROOT / "web/lock.json", site / "web/lock.json")
    (site / "web/index.html").write_text(page.replace(*change))
    with pytest.raises((Failure, KeyError), match=r"python -m pyapp.site.policy|praect"):
        build(site, tmp_path / "cache")
