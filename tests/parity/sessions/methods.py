"""What the page of methods can ask for, each once."""

from pyapp.pages.methods import COLUMNS
from pyapp.softmax.methods import METHODS
from pyapp.softmax.shift import RULES


def session(call) -> dict:
    """Every call of the page; each result under its name."""
    said = {"opened": call("open", page="methods", params={"rows": "24", "length": "16", "seed": "3", "bits": "99"})}
    run = said["opened"]["run"]

    def change(name, value):
        said[f"{name} {value}"] = call("change", run=run, name=name, value=value)

    def measure(name):
        said[name] = call("advance", run=run, steps=len(METHODS))

    measure("measured")
    for name, value in (("row", 5), ("best", False), ("text", "0.5 -1.2 3; -40 -41 -38.5")):
        change(name, value)
    for column in COLUMNS:
        change("sort", column)
    for method in METHODS:
        change("method", method)
    for logits in ("offset", "skewed", "pasted", "gpt", "vision transformer", "centred"):
        change("logits", logits)
        measure(f"measured {logits}")
    for shift in RULES:
        change("shift", shift)
        measure(f"measured after {shift}")
    for bits in range(2, 8):
        change("bits", bits)
        measure(f"measured at {bits} bits")
    for name, value in (("rows", 1), ("length", 1), ("seed", 2**32 - 1)):
        change(name, value)
        measure(f"measured with {name} {value}")
    said["reset"] = call("reset", run=run)
    said["source"] = call("source", names=["pyapp.softmax.method.Softmax", "pyapp.softmax.measures.errors"])
    said["closed"] = call("close", run=run)
    return said
