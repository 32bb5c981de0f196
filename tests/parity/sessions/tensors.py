"""Files of every kind on the page about tensors: the same numbers, statistics and formats in both runtimes."""

import numpy as np


def session(call) -> dict:
    """The shipped network under two limits, then a small file of each kind that a page can be given, and one
    of inputs; a tensor and a report that are taken home are the same to the byte."""
    said = {"opened": call("open", page="tensors", params={"bits": "4"})}
    run = said["opened"]["run"]
    said["measured"] = call("advance", run=run, steps=400)
    said["sorted"] = call("change", run=run, name="sort", value="kurtosis")
    said["chosen"] = call("change", run=run, name="tensor", value="layer2.weight")
    said["more bits"] = call("change", run=run, name="bits", value=6.5)
    said["measured again"] = call("advance", run=run, steps=400)
    for name, data in files().items():
        said[name] = call("restore", run=run, file=np.frombuffer(data, np.uint8), name=name)
        said[f"{name} measured"] = call("advance", run=run, steps=60)
    said["inputs wanted"] = call("change", run=run, name="opens", value="inputs")
    said["inputs"] = call("restore", run=run, file=np.frombuffer(inputs(), np.uint8), name="x.csv")
    said["output"] = call("advance", run=run, steps=60)
    for kind in ("npy", "html"):
        said[kind] = call("act", run=run, name=kind)
    said["closed"] = call("close", run=run)
    return said


def inputs() -> bytes:
    """Of the matrix in the model below, which is the tensor that is chosen last."""
    x = np.random.default_rng(9).standard_normal((12, 32)).round(3)
    return "\n".join(",".join(map(repr, row.tolist())) for row in x).encode()


def files() -> dict[str, bytes]:
    """A table, and a model of Bitladder's own with codes and scales."""
    from pyapp.protobuf import message

    rng = np.random.default_rng(8)
    x, codes = rng.standard_normal((6, 32)).astype(np.float32), rng.integers(-99, 99, (3, 16)).astype(np.int8)
    parts = [message((1, list(each.shape)), (2, kind), (8, name), (9, each.tobytes())) for name, kind, each in (
        ("w", 1, x), ("codes", 3, codes), ("scale", 1, np.array([0.5, 0.1, 3], np.float32)))]
    node = message((1, ["codes", "scale"]), (2, ["y"]), (4, "DequantizeLinear"), (5, message((1, "axis"), (3, 0))))
    text = "\n".join(",".join(map(repr, row.tolist())) for row in x.astype(np.float64))
    return {"t.csv": text.encode(), "m.onnx": message((7, message((1, node), (5, parts))))}
