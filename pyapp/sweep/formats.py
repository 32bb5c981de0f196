"""What a number format costs each shipped network, with its weights in that format and all else in float32."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pyapp import checkpoint
from pyapp.core.parameters import Parameters
from pyapp.data import mnist, text
from pyapp.machine import made_on
from pyapp.nets import gpt, mlp, next_token, vit
from pyapp.quant.formats.catalogue import find, format_parameters
from pyapp.quant.parameters import float_nbytes
from pyapp.sweep.transformers import share
from pyapp.training.trainer import evaluate

FLOAT = "float32"
Measure = Callable[[Parameters], float]  # accuracy 0..1, or loss in nats per character


def subjects(digits: str | Path, written: str | Path | None, images: int, windows: int
             ) -> dict[str, tuple[Parameters, str, Measure]]:
    """The networks by name: float32 weights, what is measured, and how. Images are spread evenly over the test set;
    windows are the first of the held-out text. ValueError if the data cannot be used."""
    test = mnist.load(digits)
    fewer = test.spread(images)
    x, labels = fewer.inputs(), fewer.labels
    read_on = f"accuracy, {share(len(labels), len(test.labels), 'images')}"
    reader, read = vit.parameters(checkpoint.load(vit.SHIPPED))
    found = {"mlp": (mlp.load(), read_on, lambda p: evaluate(mlp.MLP(), p, x, labels)["accuracy"]),
             "vit": (read, read_on, lambda p: evaluate(reader, p, x, labels)["accuracy"])}
    if written is not None:
        model, p, vocabulary = gpt.load(gpt.SHIPPED)
        _, tokens = text.split(vocabulary.encode(text.read(written)), model.size.context)
        some = tokens[: windows * model.size.context + 1]
        found["gpt"] = (p, f"nats, {share(len(some) - 1, len(tokens) - 1, 'characters')}",
                        lambda p: next_token.evaluate(model, p, some)["loss"])
    return found


def compare(names: Sequence[str], networks: Mapping[str, tuple[Parameters, str, Measure]],
            say: Callable[[str], None]) -> dict[str, Any]:
    """A row for float32 and each format: by network, bits per weight (scales included), bytes of the whole network, and
    its score. ValueError for a name that is no format, before anything is measured."""
    for name in names:
        find(name)
    rows = []
    for name in (FLOAT, *names):
        say(f"measuring {name}")
        rows.append({"format": name, "title": FLOAT if name == FLOAT else find(name).title,
                     **{network: _measured(name, p, measure) for network, (p, _, measure) in networks.items()}})
    return {"made_on": made_on(), "on": {network: on for network, (_, on, _) in networks.items()}, "rows": rows}


def _measured(name: str, p: Parameters, measure: Measure) -> dict[str, Any]:
    if name == FLOAT:
        return {"bits": 32.0, "bytes": float_nbytes(p), "score": measure(p)}
    made = format_parameters(p, name)
    return {"bits": made.bits_per_weight, "bytes": made.nbytes, "score": measure(made.parameters)}


def table(result: Mapping[str, Any]) -> str:
    """Markdown: formats down, smallest first within what was asked; for each network bits per weight and score."""
    heads = ["format", *(cell for network, on in result["on"].items() for cell in (f"{network}: bits", on))]
    lines = [[row["title"], *(cell for network, on in result["on"].items() for cell in _cells(row[network], on))]
             for row in result["rows"]]
    ruled = ["---", *["---:"] * (len(heads) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, ruled, *lines)) + f"\n\n{result['made_on']}"


def _cells(found: Mapping[str, float], on: str) -> Iterator[str]:
    yield f"{found['bits']:.3g}"
    yield f"{100 * found['score']:.2f} %" if on.startswith("accuracy") else f"{found['score']:.3f}"
