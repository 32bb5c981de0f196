"""What the attention page can ask for, each once."""

from pyapp.measure.attention_logits import TRAINED
from pyapp.softmax.methods import METHODS
from pyapp.softmax.sources import GENERATED

SHIFTS = ("tensor-mean", "row-midrange", "row-max", "row-max-clip", "row-mean")


def session(call) -> dict:
    """Every call of the page; each result under its name."""
    said = {"opened": call("open", page="attention", params={"bits": "3", "length": "999"})}
    run = said["opened"]["run"]

    def change(name, value):
        said[f"{name} {value}"] = call("change", run=run, name=name, value=value)

    said["nothing to do"] = call("advance", run=run, steps=1)
    for source in (*GENERATED, *TRAINED):
        change("source", source)
    for name, value in (("head", 3), ("length", 17), ("causal", True), ("seed", 2**32 - 1), ("row", 12), ("column", 5)):
        change(name, value)
    for shift in SHIFTS:
        change("shift", shift)
    for bits in range(2, 9):
        change("bits", bits)
        for method in METHODS:
            said[f"{method} at {bits}"] = call("change", run=run, name="method", value=method)
    change("source", next(iter(TRAINED)))
    change("head", 16)
    said["reset"] = call("reset", run=run)
    said["source code"] = call("source", names=["pyapp.pages.attention.Side", "pyapp.softmax.sources.offsets"])
    said["closed"] = call("close", run=run)
    return said
