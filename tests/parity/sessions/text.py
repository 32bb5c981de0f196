"""Text: writing greedily and drawn, reading at characters, every way to quantise, and a measurement piece by piece."""

from pyapp.softmax.shift import RULES

UNKNOWN = "Où est Roméo? " * 9  # of which 108 characters are known: 20 more, and the window moves
FLOATS = {"logit_bits": "float", "bits": "float", "activations": "float"}  # in this order nothing is calibrated again
METHODS = ("tflite", "ibert", "itamax")


def timeless(answer: dict) -> dict:
    """Without the speed of writing, which differs from run to run."""
    answer["frame"]["scalars"].pop("speed")
    return answer


def session(call) -> dict:
    """Every call of the page; each result under its name."""
    said = {"opened": call("open", page="text", params={"greedy": "true", "tokens": "48", "top_k": "99"} | FLOATS)}
    run = said["opened"]["run"]

    def change(name, value):
        said[f"{name} {value}"[:24]] = call("change", run=run, name=name, value=value)

    def write(name, steps):
        said[name] = call("advance", run=run, steps=steps)

    def read(name, side, at):
        said[name] = call("predict", run=run, inputs={"side": side, "at": at})

    read("prompt", "float", 6)
    write("48 greedy characters", 48)
    read("in the float text", "float", 40)
    change("bits", "4")
    change("per", "group:32")
    write("48 in 4 bits per weight", 48)
    for method in ("hqq", "stochastic", "round"):
        change("method", method)
        write(f"8 by {method}", 8)
    change("format", "mxfp4")
    write("8 with MXFP4 weights", 8)
    change("format", "grid")
    change("layer", 4)
    change("head", 2)
    read("in the quantised text", "quant", 40)
    for name, value in (("logit_bits", "4"), *(("softmax", method) for method in METHODS), ("cache_bits", "4"),
                        ("activations", "8"), ("shift", "row-max")):
        change(name, value)
        write(f"written with {name} {value}", 16)
    change("cache_bits", "float")  # scales of float sums may be rounded to the next float16: not to be read in numbers
    change("calibrate", "token")
    write("8 with ranges at run time", 8)
    change("activations", "float")
    read("read with row-max", "quant", 6)
    for rule in (each for each in RULES if each != "row-max"):
        change("shift", rule)
        read(f"read with {rule}", "quant", 6)
    for name, value in (*FLOATS.items(), ("greedy", False), ("temperature", 1.2), ("top_k", 20), ("seed", 2**32 - 1),
                        ("tokens", 30), ("prompt", UNKNOWN)):
        change(name, value)
    write("drawn, past the window", 30)
    read("after the window moved", "float", 134)
    change("prompt", "")
    write("from nothing", 3)
    change("logit_bits", "3")
    said["measuring"] = call("act", run=run, name="measure")
    for _ in range(127):  # tokens of the text that measures, which is written first
        call("background", run=run, ms=0)
    for piece in range(5):
        said[f"measured {piece}"] = timeless(call("background", run=run, ms=0))
    said["stopped"] = timeless(call("act", run=run, name="measure"))
    said["reset"] = call("reset", run=run)
    names = ["pyapp.nets.generate.Writer", "pyapp.measure.own_text_loss.OwnTextLoss"]
    said["source code"] = call("source", names=names)
    said["closed"] = call("close", run=run)
    return said
