"""What the front door can be asked, for the comparison of two runtimes."""


def session(call) -> dict:
    """Every number of bits, and the first batches of a repair."""
    said = {"opened": call("open", page="start", params={})}
    run = said["opened"]["run"]
    for bits in ("float32", "8", "7", "6", "5", "4", "3"):
        said[bits] = call("change", run=run, name="bits", value=bits)
    said["ten batches"] = call("advance", run=run, steps=10)
    said["an epoch"] = call("advance", run=run, steps=40)
    said["float again"] = call("change", run=run, name="bits", value="float32")
    said["nothing to repair"] = call("advance", run=run, steps=1)
    said["reset"] = call("reset", run=run)
    said["closed"] = call("close", run=run)
    return said
