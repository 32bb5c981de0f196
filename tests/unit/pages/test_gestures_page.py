"""The page Gestures: classes of one's own are drawn, learned, read, saved, exported and taken back."""

import io

import numpy as np
import pytest
from opened import Opened

from pyapp import store
from pyapp.data.gestures import joined
from pyapp.data.importers.opening import opened_bytes
from pyapp.pages.base.gesture_book import Book
from pyapp.store import StoreError

DOWN, ACROSS = ([(0.5, 0.1), (0.5, 0.9)], [(0.1, 0.5), (0.9, 0.5)])


def line(ends, i: int) -> np.ndarray:
    """One of several lines that differ a little."""
    return joined([np.array(ends) + np.array([(0, 0), (0.02 * i, -0.01 * i)])])


class Page(Opened):
    name = "gestures"

    def add(self, gesture: str, points: np.ndarray) -> dict:
        self.change("gesture", gesture)
        self.predict({"strokes": points})
        return self.act("add")

    def two_classes(self, each: int = 5) -> dict:
        """Bars drawn down and lines drawn across."""
        self.act("empty")
        for i in range(each):
            self.add("down", line(DOWN, i))
            answer = self.add("across", line(ACROSS, i))
        return answer


@pytest.fixture(scope="module")
def drawn():
    page = Page(variants="2")
    page.two_classes()
    page.done()
    return page


def test_two_classes_of_ones_own_are_learned_and_read(drawn):
    for ends, name in ((DOWN, "down"), (ACROSS, "across")):
        found = drawn.predict({"strokes": line(ends, 7)}).scalars
        assert found["classes"][found["digit"]] == found["classes"][found["quant_digit"]] == name
        assert found["confidence"] > 0.9
    frame = drawn.look()
    assert frame.scalars["classes"] == [{"name": name, "drawings": 5, "float": "1 of 1", "quant": "1 of 1"}
                                        for name in ("down", "across")]
    assert frame.scalars["held_out"] == 2 and frame.arrays["drawings"].shape[0] == 5


def test_a_drawing_that_is_added_clears_the_pad_and_starts_the_run_again():
    page = Page()
    answer = page.two_classes(1)
    assert answer["restarted"] and answer["frame"].step == 0 and not len(answer["drawn"]["strokes"])
    assert answer["params"]["data"] == "own" and "“across” has 1 drawing." in answer["notes"]
    with pytest.raises(ValueError, match="pad is empty"):
        page.act("add")


def test_the_examples_are_copied_by_the_first_change_and_every_change_is_undone():
    page = Page()
    page.predict({"strokes": line(DOWN, 0)})
    page.change("gesture", "bar")
    answer = page.act("add")
    assert answer["frame"].scalars["count"] == 61 and any("copy of the examples" in note for note in answer["notes"])
    page.change("gesture", "tick")
    assert page.act("delete")["frame"].scalars["count"] == 51
    assert page.act("undo")["frame"].scalars["count"] == 61
    answer = page.act("undo")
    assert answer["frame"].scalars["count"] == 60 and answer["params"]["data"] == "examples"
    with pytest.raises(ValueError, match="nothing to undo"):
        page.act("undo")


def test_what_cannot_be_added_is_refused_in_words():
    page = Page()
    page.act("empty")
    assert page.done()["count"] == 0 and "nothing to tell apart" in page.look().notes[0]
    assert "pad is empty" in page.predict({"index": 0}).notes[0]
    page.predict({"strokes": line(DOWN, 0)})
    page.change("gesture", "  ")
    with pytest.raises(ValueError, match="needs a name"):
        page.act("add")
    with pytest.raises(ValueError, match="no class"):
        page.act("delete")
    with pytest.raises(ValueError, match="no network yet"):
        page.act("export-json")
    with pytest.raises(ValueError, match="no drawings to save"):
        page.act("save")
    full = Book([*Book.of_examples().drawings, *(Book().with_one(f"more {i}", line(DOWN, i)).drawings[0]
                                                 for i in range(4))])
    with pytest.raises(ValueError, match="10 classes already"):
        full.with_one("eleventh", line(DOWN, 0))


def test_the_saved_drawings_are_opened_again_and_every_command_takes_them(drawn):
    answer = drawn.act("save")
    data, name = bytes(answer["file"]), answer["name"]
    other = Page()
    answer = other.restore(np.frombuffer(data, np.uint8), name)
    assert answer["frame"].scalars["count"] == 10 and "sent nowhere" in answer["notes"][0]
    assert "10 drawings of 2 classes" in answer["notes"][0]
    found = opened_bytes(data, name)
    assert found.classes == ("across", "down")
    assert [len(found.part(part).labels) for part in ("train", "test")] == [8 * 3, 2]


def test_too_few_drawings_to_hold_one_out_are_saved_without_variants():
    page = Page()
    page.two_classes(2)
    arrays = np.load(io.BytesIO(bytes(page.act("save")["file"])))
    assert arrays["x_train"].shape == (4, 28, 28) and "x_test" not in arrays


def test_a_session_holds_the_drawings_before_the_first_step_and_goes_on_from_any(drawn):
    page = Page(variants="0")
    page.two_classes(5)
    for steps, more in ((0, 0), (6, 3)):
        page.advance(steps=steps) if steps else None
        saved = page.save()
        other = Page()
        found = other.restore(saved["file"], saved["name"])["frame"]
        assert found.step == steps and found.scalars["count"] == 10
        if more:
            ours, theirs = (each.advance(steps=more)["history"]["loss"]["value"][-1] for each in (page, other))
            assert ours == theirs


def test_an_untouched_page_is_as_shipped():
    page = Page()
    page.runner._runs[1].step = 5  # as after five steps, which the page makes by itself
    assert page.save()["shipped"] and page.runner._runs[1].begun


def test_the_export_is_proven_on_drawings(drawn):
    answer = drawn.act("export-c")
    assert "holds" in answer["notes"][-1] and answer["name"] == "mlp-w4a8.zip"
    with pytest.raises(ValueError, match="set Input to"):
        drawn.act("export-html")


def test_files_that_hold_no_drawings_are_refused():
    page = Page()
    arrays = Book.of_examples().with_one("tick", line(DOWN, 0)).arrays()
    damaged = [{**arrays, "gestures": arrays["gestures"][:-1]}, {**arrays, "strokes": arrays["strokes"][:, :3]},
               {**arrays, "classes": arrays["classes"][:2]}, {"strokes": arrays["strokes"]}]
    for each in damaged:
        with pytest.raises(StoreError, match="saved by the page Gestures"):
            page.restore(np.frombuffer(store.pack(each), np.uint8), "a.npz")
    for other in ("mlp", "ladder"):
        with pytest.raises(StoreError, match="holds no drawings"):
            page.restore(np.frombuffer((store.WEIGHTS / f"{other}.npz").read_bytes(), np.uint8), f"{other}.npz")
    assert page.look().scalars["count"] == 60
