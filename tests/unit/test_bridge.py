import json

import numpy as np
import pytest

from pyapp import bridge, pages, store
from pyapp.bridge import call_json
from pyapp.experiment.frame import Frame


def call(method: str, **args):
    text, arrays = call_json(method, json.dumps(args))
    answer = json.loads(text)
    assert "ok" in answer, answer
    return answer["ok"], arrays


def error(method: str, args: str = "{}", arrays=()) -> dict:
    text, left = call_json(method, args, arrays)
    assert left == []
    return json.loads(text)["error"]


def test_a_session_from_open_to_close():
    opened, arrays = call("open", page="digits", params={"seed": 3})
    filters = opened["frame"]["arrays"]["filters"]
    assert filters == {"$array": filters["$array"], "shape": [128, 28, 28], "dtype": "float32"}
    assert arrays[filters["$array"]].shape == (128 * 28 * 28,)
    run = opened["run"]
    advanced, arrays = call("advance", run=run, steps=2)
    assert advanced["frame"]["step"] == 2
    assert arrays[advanced["history"]["loss"]["step"]["$array"]].tolist() == [1, 2]
    saved, files = call("snapshot", run=run)
    text, _ = call_json("restore", json.dumps({"run": run, "file": saved["file"], "name": "x"}), files)
    assert json.loads(text)["ok"]["frame"]["step"] == 2
    call("close", run=run)
    assert error("advance", json.dumps({"run": run, "steps": 1}))["message"].startswith(f"run {run} is not open")


def test_arrays_come_in_as_bytes_of_any_kind():
    run = call("open", page="digits", params={})[0]["run"]
    points = np.array([[0.5, 0.2, 0], [0.5, 0.8, 0]], np.float32)
    args = json.dumps({"run": run, "inputs": {"strokes": {"$array": 0, "shape": [2, 3], "dtype": "float32"}}})
    for data in (points.tobytes(), memoryview(points.ravel()), bytearray(points.tobytes())):
        answer = json.loads(call_json("predict", args, [data])[0])["ok"]
        assert answer["scalars"]["digit"] in range(10)
    call("close", run=run)


def test_an_error_names_the_file_that_would_mend_it(monkeypatch):
    monkeypatch.setitem(bridge.METHODS, "load", lambda name: store.load(store.WEIGHTS / name))
    assert error("load", '{"name": "nothing.npz"}')["file"] == "weights/nothing.npz"
    assert error("fly")["file"] is None


def test_errors_are_data():
    assert error("fly")["message"].startswith("there is no method 'fly'; there are act, advance")
    assert error("open", '{"page": "nowhere"}')["type"] == "UnknownPage"
    assert error("open", "{")["type"] == "JSONDecodeError"
    assert error("open", '{"wings": 2}')["type"] == "TypeError"
    run = call("open", page="digits", params={})[0]["run"]
    wrong = error("change", json.dumps({"run": run, "name": "rate", "value": "fast"}))
    assert wrong["param"] == "rate" and wrong["hint"] == "use a number from 0.0001 to 1"
    complex_ = error("predict", json.dumps({"run": run, "inputs": {"x": {"$array": 0, "shape": [1],
                                                                         "dtype": "complex64"}}}), [b"12345678"])
    assert "use one of float32" in complex_["message"]
    call("close", run=run)


def test_numbers_that_json_lacks_become_null():
    packed = bridge._pack({"a": float("nan"), "b": [np.float32(2), np.int64(3), float("inf")], "c": True}, [])
    assert packed == {"a": None, "b": [2.0, 3, None], "c": True}


def test_an_array_that_javascript_lacks_is_refused():
    with pytest.raises(TypeError, match="int64"):
        bridge._pack(np.zeros(2, np.int64), [])


@pytest.mark.parametrize("result, words", [
    (np.zeros(2**26 + 1, np.uint8), "67,108,865 bytes of arrays; the page takes at most 67,108,864"),
    ({"a": [0] * 1_000_001}, "1,000,001 items"), ([["x" * 500_000] * 5] * 3, "7,500,0"),
    (Frame(0, {"x": [[0] * 900_000] * 3}), "8,100,0"),
    (Frame(0, {}, {"x": np.zeros((2**12, 2**11 + 1))}), "67,141,632 bytes")])
@pytest.mark.in_pyodide(3, "the cases differ in settings, not in arithmetic")
def test_an_answer_that_would_fill_the_page_is_refused(monkeypatch, result, words):
    monkeypatch.setitem(bridge.METHODS, "runtime", lambda: result)
    found = error("runtime")
    assert found["type"] == "TooLarge" and words in found["message"]


def test_texts_that_nobody_would_read_to_their_end_are_cut(monkeypatch):
    def wrong():
        raise type("x" * 10**7, (ValueError,), {"hint": "y" * 10**7})("z" * 10**7)

    monkeypatch.setitem(bridge.METHODS, "runtime", wrong)
    found = error("runtime")
    assert [len(found[key]) for key in ("type", "message", "hint")] == [1001, 1001, 1001]
    monkeypatch.setitem(bridge.METHODS, "runtime", lambda: Frame(0, {"s": "s" * 10**7}, {}, ["n" * 10**7] * 10**6))
    frame, _ = call("runtime")
    assert len(frame["scalars"]["s"]) == 500_001 and [len(note) for note in frame["notes"]] == [1001] * 20


def test_the_longest_text_of_ones_own_arrives_whole():
    longest = max(param.hi for name in pages.names() for param in pages.page(name).PARAMS if param.kind == "text")
    text = "🦉" * int(longest)
    found, _ = call("open", page="learn", params={"size": "small", "text": text})
    assert found["params"]["text"] == text


def test_source_is_the_very_source():
    found, _ = call("source", names=["pyapp.core.layers.Linear"])
    source = found["sources"]["pyapp.core.layers.Linear"]
    assert source["code"].startswith("class Linear:") and source["file"] == "pyapp/core/layers.py"
    cached, _ = call("source", names=["pyapp.data.stories.rules"])
    assert "def rules()" in cached["sources"]["pyapp.data.stories.rules"]["code"]
    for other in ("os.system", "pyapp.bridge.source"):  # what no story names
        assert "no page shows the source" in error("source", f'{{"names": ["{other}"]}}')["message"]


def test_runtime_names_its_versions():
    assert call("runtime")[0]["numpy"] == np.__version__
