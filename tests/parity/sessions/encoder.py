"""What the page of the encoder can be asked: texts, every method and shift, and a part of the measurement."""

from pyapp.softmax.methods import METHODS
from pyapp.softmax.shift import RULES


def session(call) -> dict:
    """Every call of the page; each result under its name."""
    said = {"opened": call("open", page="encoder", params={"logit_bits": "4", "layer": "9"})}
    run = said["opened"]["run"]

    def change(name, value):
        said[f"{name} {value}"[:24]] = call("change", run=run, name=name, value=value)

    said["some"] = call("advance", run=run, steps=1)
    for name, value in (("layer", 1), ("head", "3"), ("text", "Zoë sees tom, but ada likes the zebra. who sees tom?"),
                        ("text", ""), ("text", "mia sees ada. " * 28)):
        change(name, value)
    change("text", "mia sees ada. tom sees nora. who sees nora?")
    for rule in RULES:
        change("shift", rule)
    for method in METHODS:
        change("softmax", method)
    for bits in (2, 8, 3):
        change("logit_bits", bits)
    said["counted"] = call("advance", run=run, steps=1)
    said["reset"] = call("reset", run=run)
    said["source"] = call("source", names=["pyapp.nets.encoder.layers.Layer", "pyapp.data.questions.write"])
    said["closed"] = call("close", run=run)
    return said
