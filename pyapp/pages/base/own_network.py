"""The network that a page has trained on signals, as files: with the chosen bits or in float32, each with a proof."""

from collections.abc import Callable, Sequence
from shlex import quote
from typing import Any

from pyapp.experiment.frame import Action, Experiment, Outcome
from pyapp.experiment.panels import Button, Buttons, Panel, Words
from pyapp.export import names
from pyapp.pages.base import export_buttons
from pyapp.pages.base.export_buttons import PREFIX

FLOAT = Action("network", "safetensors, float32", "Save the float32 network with its proof")
LABELS = {"safetensors": "safetensors, quantised", "npz": ".npz, quantised"}


def actions() -> tuple[Action, ...]:
    """An action for each format of the quantised network, and one for float32."""
    return (*export_buttons.actions(names.SIGNALS), FLOAT)


def panel(reads: str, gives: str, proven: str) -> Panel:
    """The panel with the buttons, which says how the network is to be used."""
    buttons = [Button(LABELS.get(form.name, form.label), act=PREFIX + form.name, name=PREFIX + form.name)
               for form in names.SIGNALS]
    return Panel("export", "Take the network with you", (
        Words(text="Each file holds the network with {named}, or the one with float32 weights, and ten "
                   f"{proven} with its results. With these anyone can prove that it computes the same elsewhere: with "
                   "`bitladder verify FILE`, or with the exported JavaScript or C. It reads "
                   f"{reads}, normalised with the mean and deviation that the file names, and gives {gives}."),
        Buttons(buttons=(*buttons, Button(FLOAT.label, act=FLOAT.name, name=FLOAT.name)))))


def exported(page: Experiment, action: str, own: Sequence[str], make: Callable[..., Any], *given: Any) -> Outcome:
    """The file of an action. `make` turns what is `given`, the bits and the command into a `pyapp.export` Subject. If
    the network was learned from the reader's own data, which `run` does not open, `own` names the parameters that
    decided it. ValueError while it is learning."""
    from pyapp.export.kinds import FORMATS  # here, because no page needs these to begin
    from pyapp.pages.base import exporting

    float32 = action == FLOAT.name
    form, bits = FORMATS["safetensors" if float32 else action.removeprefix(PREFIX)], page.params["bits"]
    made = exporting.command(page, action, max(1, page.frame().step))
    if own:
        words = [f"--{name.replace('_', '-')} {quote(str(value))}" for name in own if (value := page.params[name])]
        made = " ".join([f"python -m pyapp export {type(page).__module__.rpartition('.')[2]} --data PATH", *words,
                         f"--bits {'none' if float32 else bits} --format {form.name} --out FILE"])
    return exporting.finished(make(*given, None if float32 else bits, made), form)
