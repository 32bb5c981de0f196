"""What the READMEs say is so: code runs, links open, commands exist, figures are the recipes'."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from urllib.parse import parse_qsl

import pytest

from pyapp import pages, store
from pyapp.__main__ import _parser
from pyapp.experiment.params import parse_all
from pyapp.hosts import ROOT

README, WEIGHTS, *BESIDE = ((ROOT / path).read_text(encoding="utf-8") for path in (
    "README.md", "weights/README.md", "pyapp/export/README.md", "pyapp/data/README.md", "pyapp/experiment/README.md"))
FIRST, PAGE = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
LINKS = sorted(set(re.findall(r"http://localhost:8000/#(\w+)(?:\?([^)]*))?\)", "".join([README, WEIGHTS, *BESIDE]))))
TRAINED = re.findall(r"^\| trained, .*? \| ([\d,]+) \| ([\d.]+ %) \| `mlp --bits (\d)", README, re.MULTILINE)


def test_the_first_code_prints_what_it_says():
    expected = [line.split("# ", 1)[1] for line in FIRST.splitlines() if line.startswith("print(")]
    done = subprocess.run([sys.executable, "-c", FIRST], cwd=ROOT, capture_output=True, text=True, check=True)
    assert expected and done.stdout.splitlines() == expected


def test_the_page_that_it_adds_runs_as_a_command_and_stands_in_the_list(tmp_path):
    for name in ("pyapp", "weights"):
        shutil.copytree(ROOT / name, tmp_path / name)
    (tmp_path / "pyapp" / "pages" / "wave.py").write_text(PAGE)

    def command(*words: str) -> str:
        return subprocess.run([sys.executable, "-m", "pyapp", *words], cwd=tmp_path, capture_output=True, text=True,
                              check=True).stdout

    def error(bits: int) -> float:
        return json.loads(command("run", "wave", "--set", f"bits={bits}", "--json"))["scalars"]["error"]

    assert error(3) > 2 * error(5) > 0
    (entry,) = (page for page in json.loads(command("pages")) if page["name"] == "wave")
    assert [panel["name"] for panel in entry["panels"]] == ["wave"]


def test_the_path_from_weights_to_a_proven_export_prints_what_it_says(tmp_path):
    """But for the engines that another machine may have, and the training, which takes minutes."""
    section = BESIDE[0].partition("## Take a network with you\n")[2]
    commands, told = re.findall(r"^```\n(.*?)^```", section, re.DOTALL | re.MULTILINE)[:2]
    found = []
    for line in commands.splitlines()[1:]:
        words = [sys.executable, *shlex.split(line)[1:]]
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True,
                              env={**os.environ, "PYTHONPATH": str(ROOT)})
        found += done.stdout.splitlines()
    *lines, proof, print_ = [line.partition(": ten digits")[0] for line in told.splitlines()]
    ours = [line.partition(": ten digits")[0] for line in found]
    assert ours == [*lines, proof, print_, proof, print_]


@pytest.mark.parametrize(("page", "query"), LINKS)
def test_its_links_open_pages_that_know_their_parameters(page, query):
    asked = dict(parse_qsl(query))
    values, notes = parse_all(pages.page(page).PARAMS, asked, strict=True)
    assert not notes and all(str(values[name]) == value for name, value in asked.items())


def test_its_commands_exist():
    whole = re.findall(r"`python -m pyapp ([^`]+[^.`])`", "".join([README, *BESIDE]))
    whole += re.findall(r"^python -m pyapp (.+)$", "".join([README, *BESIDE]), re.MULTILINE)
    rows = re.findall(r"\| `((?:mlp|vit|gpt)[^`]*)` \|$", README, re.MULTILINE)
    table = [f"evaluate {words} --data DIR" for words in rows]
    assert len(whole) > 2 and len(table) == 10
    for words in [*whole, *table]:
        _parser().parse_args(shlex.split(words.partition(" > ")[0]))


def test_its_table_has_the_figures_of_the_recipes():
    recipe = {name: store.recipe(store.WEIGHTS / f"{name}.npz") for name in ("mlp", "vit", "gpt", "encoder",
                                                                             "mlp-qat4", "mlp-qat3", "mlp-qat2")}
    for name, row in (("mlp", "digits, float32"), ("vit", "Vision Transformer, float32")):
        test = recipe[name]["metrics"]["test"]
        score = test.get("float", test.get("accuracy"))
        assert f"| {row} | {4 * recipe[name]['parameters']:,} | {score:.2%} |".replace("%", " %") in README
    assert [bits for *_, bits in TRAINED] == ["4", "3", "2"]
    for size, score, bits in TRAINED:
        test = recipe[f"mlp-qat{bits}"]["metrics"]["test"]
        assert (size, score) == (f"{test['bytes']:,}", f"{test['accuracy']:.2%}".replace("%", " %"))
    stories = recipe["encoder"]["metrics"]["held_out"]
    score = f"{stories['accuracy']:.2%} of {stories['n']:,} stories".replace("%", " %")
    size = f"{4 * recipe['encoder']['parameters']:,}"
    assert f"The encoder (float32, stored as float16, {size} bytes) answers {score} right" in WEIGHTS
    assert f"| {recipe['gpt']['metrics']['validation']['loss']:.3f} nats | `gpt` |" in README


def test_after_each_table_stands_what_made_it():
    """The machine with the kernel of its BLAS, that every machine gives these figures, or that the machine is not
    known. Tables in one <details> are one, as are those that stand together. The first table lists files."""
    text = re.sub(r"<details>.*?</details>", "| tables |", WEIGHTS, flags=re.DOTALL)
    after = [words for words in re.split(r"(?:^\|.*\n)+", text, flags=re.MULTILINE)[2:] if words.strip()]
    assert len(after) > 15
    for words in (*after, README.partition("## Measured\n")[2].partition("\n## ")[0].rpartition("|\n")[2]):
        said = " ".join(words.partition("\n#")[0].split())
        assert re.search(r"OpenBLAS \d\S+ \w+|every machine|Pyodide \d|a machine that was not recorded", said), said
