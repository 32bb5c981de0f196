"""Train a tiny GPT: training, reading at all widths, a text of one's own, saving and going on."""

import numpy as np

PROSE = "".join(f"the {'cat' if i % 3 else 'dog'} sat on mat {i % 7}.\n" for i in range(80))


def session(call) -> dict:
    said = {"opened": call("open", page="learn", params={"size": "small", "seed": "4"})}
    run = said["opened"]["run"]

    def read():
        return call("background", run=run, ms=600_000)

    said["read"] = read()
    said["five steps"] = call("advance", run=run, steps=5)
    said["rate"] = call("change", run=run, name="rate", value=0.002)
    said["batch"] = call("change", run=run, name="batch", value="2")
    said["five more"] = call("advance", run=run, steps=5)
    said["widths"] = call("act", run=run, name="widths")
    said["all of them"] = read()
    said["bits"] = call("change", run=run, name="bits", value="3")
    said["temperature"] = call("change", run=run, name="temperature", value=0.5)
    said["read cool"] = read()
    saved = call("snapshot", run=run)
    said["reset"] = call("reset", run=run)
    said["restored"] = call("restore", run=run, file=saved["file"], name=saved["name"])
    said["after restoring"] = call("advance", run=run, steps=3)
    said["file"] = call("restore", run=run, file=np.frombuffer(PROSE.encode(), np.uint8), name="prose.txt")
    said["stories"] = call("change", run=run, name="corpus", value="stories")
    said["text"] = call("change", run=run, name="text", value=PROSE[9:])
    said["corpus"] = call("change", run=run, name="corpus", value="own")
    said["own steps"] = call("advance", run=run, steps=3)
    said["read own"] = read()
    said["size"] = call("change", run=run, name="size", value="medium")
    said["seed"] = call("change", run=run, name="seed", value=2**32 - 1)
    said["closed"] = call("close", run=run)
    return said
