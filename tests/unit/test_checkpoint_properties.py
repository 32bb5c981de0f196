"""Files that hypothesis spoils: whatever is wrong with one, every reader says so in a sentence and loses nothing."""

import contextlib
import json
from functools import cache

import numpy as np
import pytest

from pyapp import checkpoint, store
from pyapp.checkpoint import Contents, described
from pyapp.data.text import Vocabulary
from pyapp.nets import gpt, mlp, vit
from pyapp.nets.gpt import GPT, GPTSize
from pyapp.nets.mlp import MLP
from pyapp.nets.vit import ViT, ViTSize
from pyapp.quantized import packed
from pyapp.quantized.saved import digits_network
from pyapp.quantized.trained import shipped
from pyapp.runner import Runner
from pyapp.store import StoreError

hypothesis = pytest.importorskip("hypothesis", reason='pip install -e ".[test]" to test properties')
st = pytest.importorskip("hypothesis.strategies")

PAGES = {"digits": {}, "qat": {}, "vision": {"weights": "own"}, "learn": {"size": "small"}, "rung1": {}, "rung7": {}}
SIZE = ViTSize(patch=14, width=8, heads=2, blocks=1, hidden=8)
READERS = (digits_network, mlp.parameters, vit.parameters, gpt.opened)


@cache
def opened(page: str) -> tuple[Runner, int]:
    runner = Runner()
    return runner, runner.open(page, PAGES[page])["run"]


@cache
def files() -> dict[str, dict[str, np.ndarray]]:
    found = {
        "student": described(store.arrays_of(MLP((784, 4, 10)).initial(3)), "distill mlp"),
        "codes": described(packed.arrays_of(shipped(4)), "qat mlp"),
        "vit": described(store.arrays_of(ViT(SIZE).initial(1)), "train vit", heads=2),
        "gpt": described(gpt.arrays_of(GPT(3, GPTSize(8, 2, 1, 4, 8)).initial(1), Vocabulary("abc")), "train gpt", 2),
    }
    for page in PAGES:
        runner, run = opened(page)
        found[page] = store.unpack(bytes(runner.snapshot(run)["file"]), page)
    return found


plain = st.none() | st.booleans() | st.integers(-9, 2**70) | st.floats(allow_nan=False) | st.text(max_size=9)
values = st.recursive(plain, lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=6), each),
                      max_leaves=4)
arrays = st.builds(lambda dtype, shape, fill: np.full(shape, fill).astype(dtype),
                   st.sampled_from([np.uint8, np.int32, np.int64, np.float16, np.float32, np.float64, np.bool_, "U3"]),
                   st.sampled_from([(), (0,), (1,), (4,), (7,), (2, 3), (10, 784), (1, 1, 1)]),
                   st.sampled_from([0, 1, 3, 99]))


@st.composite
def spoiled(draw, names):
    """A file of ours with one to three things wrong."""
    found = dict(files()[draw(st.sampled_from(names))])
    for _ in range(draw(st.integers(1, 3))):
        key = draw(st.sampled_from([*sorted(found), "x"]))
        what = draw(st.sampled_from(["drop", "array", "json", "bytes", "number"]))
        if what == "drop":
            found.pop(key, None)
        elif what == "json" and key in (checkpoint.ABOUT, checkpoint.PARAMS) and key in found:
            try:
                facts = json.loads(found[key].tobytes())
                facts[draw(st.sampled_from([*sorted(facts), "x"]))] = draw(values)
                found[key] = checkpoint.packed_json(facts)
            except (ValueError, TypeError):
                found[key] = checkpoint.packed_json(draw(values))
        elif what == "bytes":
            found[key] = np.frombuffer(draw(st.binary(max_size=40)), np.uint8)
        elif what == "number" and key in found and found[key].size:
            spoiled = found[key].copy()
            with np.errstate(all="ignore"):
                spoiled.flat[draw(st.integers(0, spoiled.size - 1))] = draw(st.sampled_from([0, 1, 5, 100, 127]))
            found[key] = spoiled
        else:
            found[key] = draw(arrays)
    return found


def checked(check, names, examples):
    drawn = hypothesis.given(spoiled(names))(check)
    hypothesis.settings(max_examples=examples, deadline=None, derandomize=True, database=None,
                        suppress_health_check=list(hypothesis.HealthCheck))(drawn)()


@pytest.mark.filterwarnings("ignore:.*encountered")
def test_a_spoiled_file_is_read_or_refused_in_a_sentence():
    def check(found):
        for read in READERS:
            with contextlib.suppress(StoreError):
                read(Contents(found, "mine.npz"))

    checked(check, ["student", "codes", "vit", "gpt", *PAGES], 300)


@pytest.mark.filterwarnings("ignore:.*encountered")
@pytest.mark.parametrize("page", PAGES)
def test_a_page_loses_nothing_by_a_spoiled_file(page):
    runner, run = opened(page)

    def check(found):
        before = runner.snapshot(run)["file"]
        try:
            runner._get(run).experiment.restore(found, "mine.npz")
        except ValueError as error:
            assert "mine.npz" in str(error) and (runner.snapshot(run)["file"] == before).all()

    checked(check, [page], 25)
