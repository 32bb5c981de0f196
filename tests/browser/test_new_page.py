"""Another page is one .py and one .md: added to a copy of the project, and used as a person does."""

import shutil
import subprocess
import sys

import pytest

from pyapp.hosts import ROOT, site

WAVE = '''"""A wave that grows while the page works."""

import numpy as np

from pyapp.experiment.frame import Experiment, Frame
from pyapp.experiment.panels import Column, Panel, Table, Words
from pyapp.experiment.params import Param
from pyapp.experiment.pictures import Curves, Heatmap, Line


class Page(Experiment):
    title = "Wave"
    summary = "Watch a wave grow."
    order = 999
    WORK, BAR = "auto", "{step} of {of}"
    PARAMS = (Param("speed", "Speed", "int", 2, lo=1, hi=9, step=1, doc="Of the wave"),)
    PANELS = (
        Panel("curve", "The wave", (
            Words(text="At speed {params.speed} it has come to **{height:fixed:3}**."),
            Curves(name="wave", label="The wave.", lines=(Line("height", "quant", "height"),)))),
        Panel("rows", "Its last heights", (Table(name="heights", rows="rows", key="at", columns=(
            Column("step", "at:count"), Column("height", "height:fixed:3"))),)),
        Panel("picture", "Its surface", (Heatmap(
            name="surface", label="The surface.", array="surface", limit="limit",
            read="row {@row}, column {@column}: {surface:fixed:2}"),)),
    )

    def __init__(self, params):
        super().__init__(params)
        self.heights = [0.0]

    def steps(self):
        while len(self.heights) <= 40:
            self.heights.append(float(np.sin(self.params["speed"] * len(self.heights) / 10)))
            yield Frame(len(self.heights) - 1, {"height": self.heights[-1]})

    def frame(self):
        step = len(self.heights) - 1
        surface = np.outer(np.arange(4.0), np.arange(5.0)) / 12
        rows = [{"at": i, "height": self.heights[i]} for i in range(max(0, step - 3), step + 1)]
        return Frame(step, {"height": self.heights[-1], "of": 40, "rows": rows, "limit": 1.0}, {"surface": surface})
'''
STORY = """# How it works

## 1. A sine

Its height after $n$ steps is $\\sin(v n / 10)$.

```python source
pyapp.pages.wave.Page
```
"""


@pytest.fixture(scope="module")
def address(needs_chromium, tmp_path_factory):
    root = tmp_path_factory.mktemp("copy")
    for name in ("pyapp", "weights", "serve.py", "pyproject.toml"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, root / name)
    shutil.copytree(ROOT / "web", root / "web", ignore=shutil.ignore_patterns("app"))
    (root / "pyapp" / "pages" / "wave.py").write_text(WAVE)
    (root / "pyapp" / "pages" / "wave.md").write_text(STORY)
    pages = subprocess.run([sys.executable, "-m", "pyapp", "pages"], cwd=root, capture_output=True, text=True,
                           check=True)
    (root / "web" / "pages.json").write_text(pages.stdout)
    with site(root) as url:
        yield url


def test_it_has_controls_curves_a_table_a_picture_and_a_story(address, browser):
    complaints = []
    page = browser.new_page()
    page.set_default_timeout(180_000)
    page.on("console", lambda message: message.type in ("error", "warning") and complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))

    def wait(name: str, text: str) -> None:
        page.wait_for_function("([where, text]) => document.querySelector(where)?.textContent.includes(text)",
                               arg=[f"[data-test='{name}']", text])

    page.goto(f"{address}#wave?speed=3")
    wait("heights-40", "40")
    wait("heights-40-height", "−0.537")  # sin 12
    wait("wave", "−0.537")
    page.get_by_text("At speed 3 it has come to −0.537.").wait_for()
    page.locator("[data-test='surface']").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    wait("surface-value", "row 2, column 2: 0.08")
    page.locator("[data-test='speed']").fill("5")
    page.get_by_text("At speed 5").wait_for()
    page.locator(".story math").first.wait_for()
    page.locator("details", has_text="Watch a wave grow").first.wait_for()
    page.close()
    assert not complaints
