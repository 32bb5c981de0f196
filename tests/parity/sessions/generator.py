"""Every call that the page about the digit generators can make, but for the random seed, which is random."""

from pyapp.digitgen.batch import FIELDS, GENERATORS

SEEDS = ["0", "1", "2147483648", "4294967295", "-1", "1.5", "a word", "4294967296", "--5", ""]


def session(call) -> dict:
    """Both generators, all bits, temperatures, seeds of every kind, each digit, both files, the judgement."""
    said = {"opened": call("open", page="generator", params={"generator": "teacher", "picked": "5"})}
    run = said["opened"]["run"]
    for generator in GENERATORS:
        said[generator] = call("change", run=run, name="generator", value=generator)
        for bits in (*"2345678", "off"):
            said[f"{generator} {bits}"] = call("change", run=run, name="bits", value=bits)
        for digit in (*"0123456789", "any"):
            said[f"{generator} digit {digit}"] = call("change", run=run, name="digit", value=digit)
        for temperature in (0.35, 1.5, 0.75):
            said[f"{generator} T {temperature}"] = call("change", run=run, name="temperature", value=temperature)
        for kind in ("png", "json"):
            said[f"{generator} {kind}"] = call("act", run=run, name=f"save-{kind}")
    for seed in SEEDS:
        said[f"seed {seed}"] = call("change", run=run, name="seed", value=seed)
    for fields in reversed(FIELDS):
        said[fields] = call("change", run=run, name="fields", value=fields)
    said["picked"] = call("change", run=run, name="picked", value=9)
    said["goal"] = call("change", run=run, name="goal", value="-7.5")
    said["at"] = call("change", run=run, name="at", value=0.25)
    said["bits"] = call("change", run=run, name="bits", value="3")
    said["judged"] = call("advance", run=run, steps=4)
    said["reset"] = call("reset", run=run)
    said["source"] = call("source", names=["pyapp.digitgen.exact.softmax"])
    said["closed"] = call("close", run=run)
    return said
