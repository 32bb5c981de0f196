"""Every call that the page about staircases can make."""

from pyapp.softmax.methods import METHODS
from pyapp.softmax.staircase import ELEMENTWISE


def session(call) -> dict:
    """Every curve, every method at a few widths, the point, another row, and the measurement of all methods."""
    said = {"opened": call("open", page="staircase", params={"bits": "5", "point": "-1.5"})}
    run = said["opened"]["run"]
    for curve in (*ELEMENTWISE, "softmax"):
        said[curve] = call("change", run=run, name="curve", value=curve)
    for method in METHODS:
        said[method] = call("change", run=run, name="method", value=method)
        for bits in (2, 8, 4):
            said[f"{method} {bits}"] = call("change", run=run, name="bits", value=bits)
    said["point"] = call("change", run=run, name="point", value=3.26)
    said["others"] = call("change", run=run, name="others", value="[0.5, -20, 3]")
    said["two methods"] = call("advance", run=run, steps=2)
    said["all methods"] = call("advance", run=run, steps=len(METHODS))
    said["unread"] = call("open", page="staircase", params={"others": "?"})
    said["reset"] = call("reset", run=run)
    said["source"] = call("source", names=["pyapp.softmax.staircase.Probability"])
    said["closed"] = call("close", run=run)
    return said
