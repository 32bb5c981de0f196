"""What the page about the shift can ask for, each once."""

from pyapp.measure.attention_logits import TRAINED
from pyapp.pages.shift import MEASURES
from pyapp.softmax.compare import BITS
from pyapp.softmax.logits import FAMILIES
from pyapp.softmax.methods import METHODS
from pyapp.softmax.shift import RULES

ALL = (len(FAMILIES) + 1) * len(BITS)  # steps of a batch
PART = len(BITS)  # the first family's


def session(call) -> dict:
    """Every call of the page; each result under its name."""
    said = {"opened": call("open", page="shift", params={"rows": "16", "length": "8", "seed": "2", "rule": "best"})}
    run = said["opened"]["run"]

    def change(name, value):
        said[f"{name} {value}"] = call("change", run=run, name=name, value=value)

    said["some"] = call("advance", run=run, steps=5)
    said["the rest"] = call("advance", run=run, steps=ALL)
    for rule in RULES[1:]:
        change("rule", rule)
    for measure in MEASURES:
        change("measure", measure)
    for net in TRAINED:
        change("net", net)
        said[f"measured {net}"] = call("advance", run=run, steps=ALL)
    change("seeds", 2)
    said["another batch"] = call("advance", run=run, steps=ALL)
    change("seeds", 1)
    for name, value in (("other", True), ("rows", 32), ("length", 5), ("seed", 2**32 - 1)):
        change(name, value)
        said[f"measured with {name}"] = call("advance", run=run, steps=ALL)
    for method in METHODS:
        change("method", method)
        said[f"measured with {method}"] = call("advance", run=run, steps=PART)
    said["reset"] = call("reset", run=run)
    said["source"] = call("source", names=["pyapp.softmax.shift.calibrate", "pyapp.softmax.compare.gain_bits"])
    said["closed"] = call("close", run=run)
    return said
