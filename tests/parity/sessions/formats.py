"""Every call that the page about formats can make: all formats on drawn, pasted and the network's numbers."""

from pyapp.quant.formats.catalogue import FORMATS


def session(call) -> dict:
    """Every format on a tensor, each in the block with an outlier, other tensors, and numbers that cannot be read."""
    said = {"opened": call("open", page="formats", params={"seed": "3"})}
    run = said["opened"]["run"]
    said["all"] = call("advance", run=run, steps=len(FORMATS))
    for name in FORMATS:
        said[name] = call("change", run=run, name="format", value=name)
    said["outlier"] = call("change", run=run, name="outlier", value=37.5)
    for data in ("outlier", "layer2"):
        said[data] = call("change", run=run, name="data", value=data)
        said[f"{data} measured"] = call("advance", run=run, steps=len(FORMATS))
    said["pasted"] = call("change", run=run, name="values", value="0.5, -1.25, 3\n2, 0, -0.75")
    said["pasted measured"] = call("advance", run=run, steps=len(FORMATS))
    said["beyond float16"] = call("change", run=run, name="values", value="1e30 -2e30 0.5")
    said["refused by some"] = call("advance", run=run, steps=len(FORMATS))
    said["unread"] = call("open", page="formats", params={"values": "?"})
    said["reset"] = call("reset", run=run)
    said["closed"] = call("close", run=run)
    return said
