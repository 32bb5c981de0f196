"""Frames of a page that are recorded beforehand: what the shell shows while Python is on its way."""

import base64
import itertools
import json
from typing import Any

import numpy as np

from pyapp import bridge, pages
from pyapp.experiment.params import find

AS_LONG_AS_IT_TAKES = 1e9  # milliseconds
MOST_VALUES = 256  # of an array that is written as numbers of a palette


def record(name: str) -> dict[str, Any]:
    """What web/recorded/<name>.json holds: {by, frames}. `by` are the parameters in Page.RECORDED, which have choices;
    for each of their values, joined by commas, there is a frame in which all other parameters have their defaults,
    after REHEARSED steps of the page's work, with the `history` of its curves. Without such parameters there is one
    frame, of the defaults. A frame that says which test example its pad opens with, as `first`, has what `predict`
    makes of that: `read`, {index, scalars, arrays}.

    An array is {shape, dtype, values}, the values in base64; with few different ones they are bytes that number those
    of `palette`. Large ones of float64 are written in float32, because they are drawn, and their numbers are read to
    four digits. ValueError for a page without recorded frames.
    """
    page = pages.page(name)
    if page.RECORDED is None:
        raise ValueError(f"{name} has no recorded frames; its Page has to name the parameters in RECORDED")
    choices = [find(page.PARAMS, param).choices for param in page.RECORDED]
    return {"by": page.RECORDED, "frames": {
        ",".join(values): _frame(name, dict(zip(page.RECORDED, values, strict=True)))
        for values in itertools.product(*choices)}}


def _frame(name: str, params: dict[str, str]) -> dict[str, Any]:
    def ask(method: str, **args: Any) -> tuple[dict[str, Any], list[np.ndarray]]:
        text, arrays = bridge.call_json(method, json.dumps(args))
        return json.loads(text)["ok"], arrays

    def written(named: dict[str, Any]) -> dict[str, Any]:
        return {key: _written(arrays[array["$array"]]) | {"shape": array["shape"]} for key, array in named.items()
                if key not in pages.page(name).UNRECORDED}

    answer, arrays = ask("open", page=name, params=params)
    run, steps = answer["run"], pages.page(name).REHEARSED
    if steps:
        ask("advance", run=run, steps=steps)
    if steps is not None:
        ask("background", run=run, ms=AS_LONG_AS_IT_TAKES)
    answer, arrays = ask("pin", run=run)
    frame, history = (answer["pins"][0][key] for key in ("frame", "history"))
    made = frame | {"arrays": written(frame["arrays"]),
                    "history": {key: written(curve) for key, curve in history.items()}}
    if (index := frame["scalars"].get("first")) is not None:
        read, arrays = ask("predict", run=run, inputs={"index": index})
        made["read"] = {"index": index, "scalars": read["scalars"], "arrays": written(read["arrays"])}
    ask("close", run=run)
    return made


def _written(array: np.ndarray) -> dict[str, Any]:
    if array.dtype == np.float64 and len(array) > MOST_VALUES:
        array = array.astype(np.float32)
    palette, numbers = np.unique(array, return_inverse=True)
    facts = {"dtype": array.dtype.name}
    if len(palette) > min(MOST_VALUES, len(array) // 4):
        return facts | {"values": _base64(array)}
    return facts | {"palette": _base64(palette), "values": _base64(numbers.astype(np.uint8))}


def _base64(array: np.ndarray) -> str:
    return base64.b64encode(array.astype(array.dtype.newbyteorder("<")).tobytes()).decode("ascii")
