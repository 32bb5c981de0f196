"""Every operation of both shipped networks in integers: dtypes, largest numbers, and a checksum over all codes."""


def session(call) -> dict:
    """Each result under its name."""
    said = {"opened": call("open", page="trace", params={"digit": "7", "operation": "99"})}
    run = said["opened"]["run"]
    for name, value in (("softmax", "itamax"), ("shift", "none"), ("bits", 4), ("stream", "8"), ("digit", 11),
                        ("network", "gpt"), ("text", "To be, or not"), ("text", "é"), ("bits", 8), ("stream", "16"),
                        ("softmax", "ibert"), ("shift", "row-max-clip"), ("operation", 17)):
        said[f"{name} {value}"] = call("change", run=run, name=name, value=value)
    said["closed"] = call("close", run=run)
    return said
