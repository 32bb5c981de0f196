"""What web/recorded holds is what Python computes."""

import base64
import json

import numpy as np
import pytest

from pyapp import pages
from pyapp.hosts import ROOT
from pyapp.recorded import record

# What depends on the machine: its speed, and the few codes that flip where float sums have another order.
UNSTABLE = {"speed", "mean_gap", "code_difference", "logits_differ"}


def values(array: dict) -> np.ndarray:
    """An array of the file, as the shell reads it."""
    def decoded(text, dtype):
        return np.frombuffer(base64.b64decode(text), dtype)

    found = decoded(array["values"], "uint8" if "palette" in array else array["dtype"])
    return (decoded(array["palette"], array["dtype"])[found] if "palette" in array else found).reshape(array["shape"])


@pytest.mark.parametrize("name", pages.names())
def test_recorded_frames_are_those_of_today(name):
    said, now = json.loads((ROOT / "web" / "recorded" / f"{name}.json").read_text()), record(name)
    again = f"make it again: python -m pyapp pages --recorded {name} > web/recorded/{name}.json"
    assert said["by"] == list(now["by"]) and said["frames"].keys() == now["frames"].keys(), again
    for key, frame in now["frames"].items():
        told = said["frames"][key]
        assert close(told["scalars"], json.loads(json.dumps(frame["scalars"]))), f"{key}: {again}"
        same_numbers(told["arrays"], frame["arrays"], f"{key}: {again}")
        assert told.get("read", {}).keys() == frame.get("read", {}).keys(), f"{key}: {again}"
        if read := frame.get("read"):  # of what the pad opens with
            assert read["index"] == told["read"]["index"] == frame["scalars"]["first"], f"{key}: {again}"
            assert close(told["read"]["scalars"], json.loads(json.dumps(read["scalars"]))), f"{key}: {again}"
            same_numbers(told["read"]["arrays"], read["arrays"], f"{key}, read: {again}")
        assert told["history"].keys() == frame["history"].keys(), f"{key}: {again}"
        for curve, points in frame["history"].items():
            same_numbers(told["history"][curve], points, f"{key}, {curve}: {again}")


def same_numbers(told: dict, now: dict, why: str) -> None:
    assert told.keys() == now.keys(), why
    for name, array in now.items():
        np.testing.assert_allclose(values(told[name]), values(array), rtol=1e-4, atol=1e-6, err_msg=why)


def close(told, now) -> bool:
    """Equal, but for the last digits of real numbers, which differ between machines."""
    if isinstance(now, dict):
        return told.keys() == now.keys() and all(close(told[key], now[key]) for key in now if key not in UNSTABLE)
    if isinstance(now, list):
        return len(told) == len(now) and all(map(close, told, now))
    return told == pytest.approx(now, rel=1e-4, abs=1e-6) if isinstance(now, float) else told == now


def test_every_page_is_recorded_and_no_file_is_left_of_one_that_went():
    assert {path.stem for path in (ROOT / "web" / "recorded").iterdir()} == set(pages.names())


@pytest.mark.parametrize("name", ["digits", "inference", "vision", "gestures"])
def test_no_pad_opens_empty(name):
    """What is read of the digit, or drawing, that it opens with is there, with the bars of every class."""
    for frame in json.loads((ROOT / "web" / "recorded" / f"{name}.json").read_text())["frames"].values():
        read = frame["read"]
        bars = [row["p"] for row in read["scalars"]["told"]["classes"]]
        assert values(read["arrays"]["input"]).max() > 0.9 and sum(bars) == pytest.approx(1, abs=1e-5)


def test_a_page_that_is_not_recorded_says_so(monkeypatch):
    monkeypatch.setattr(pages.page("start"), "RECORDED", None)
    with pytest.raises(ValueError, match="start has no recorded frames; its Page has to name"):
        record("start")
