"""Every call that the page of mixed precision makes, for the comparison of the runtimes."""

from parity.sessions.exporting import exports

FINDINGS = 18  # three layers with six widths


def session(call) -> dict:
    """Rounded, whose codes are the same everywhere, up to measured networks; GPTQ up to the choice."""
    said = {"opened": call("open", page="mixed", params={"method": "round", "clip": "minmax", "budget": "60000"})}
    run = said["opened"]["run"]
    said["sensitivities"] = call("advance", run=run, steps=FINDINGS + 1)
    said["measured"] = call("advance", run=run, steps=30)
    said["budget"] = call("change", run=run, name="budget", value=57_000)
    said["another"] = call("advance", run=run, steps=10)
    said["keep"] = call("change", run=run, name="keep", value=0.97)
    said["too small"] = call("change", run=run, name="budget", value=20_000)
    said["loss"] = call("change", run=run, name="measure", value="loss")
    said["activations"] = call("change", run=run, name="activations", value="8")
    said["calibrated"] = call("change", run=run, name="calibrate", value="mse")
    said["budget again"] = call("change", run=run, name="budget", value=45_000)
    said["affine"] = call("change", run=run, name="scheme", value="affine")
    said["groups"] = call("change", run=run, name="per", value="group:32")
    said["with activations"] = call("advance", run=run, steps=FINDINGS + 1)
    said["exported"] = exports(call, run, "mixed", exact=True)
    said["plain"] = call("change", run=run, name="activations", value="none")
    said["clip"] = call("change", run=run, name="clip", value="mse")
    said["gptq"] = call("change", run=run, name="method", value="gptq")
    said["chosen"] = call("advance", run=run, steps=FINDINGS + 1)
    said["reset"] = call("reset", run=run)
    said["source"] = call("source", names=["pyapp.measure.verification.Verification"])
    said["closed"] = call("close", run=run)
    return said
