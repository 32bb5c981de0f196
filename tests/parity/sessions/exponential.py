"""Every call that the page about the exponential can make."""


def session(call) -> dict:
    """Opening, all methods, the point, the scale from fine to broken, and fewer exponent bits."""
    said = {"opened": call("open", page="exponential", params={"x": "-3.21", "scale": "0.05"})}
    run = said["opened"]["run"]
    said["done"] = call("advance", run=run, steps=1)
    said["dragged"] = call("change", run=run, name="x", value=-6.3)
    for method in ("ibert-paper", "ibert-ln2", "ibert"):
        said[method] = call("change", run=run, name="method", value=method)
    for scale in (0.002, 0.1, 0.7, 1.7, 2.5, 9.0):
        said[f"scale {scale}"] = call("change", run=run, name="scale", value=scale)
    said["exponent bits"] = call("change", run=run, name="exponent", value=4)
    said["reset"] = call("reset", run=run)
    said["source"] = call("source", names=["pyapp.softmax.ibert.IBert", "pyapp.softmax.exponential.IExp"])
    said["closed"] = call("close", run=run)
    return said
