"""What pages with a network declare of their exports: a button per format. `exporting` makes the files, and comes only
when one is asked for, as it needs much of the package."""

from pyapp.experiment.frame import Action
from pyapp.experiment.panels import Button, Buttons, Panel, Words
from pyapp.export import names

PREFIX = "export-"
VISION = (names.ONNX, names.SAFETENSORS, names.NPZ)


def actions(forms=names.ALL) -> tuple[Action, ...]:
    """An action for each format."""
    return tuple(Action(PREFIX + form.name, form.label, f"Save this network: {form.doc}") for form in forms)


def panel(forms=names.ALL, proven: str = "digits") -> Panel:
    """The panel with a button per format; `proven` says what the network's proof runs on."""
    return Panel("export", "Take the network with you", (
        Words(text=f"Each file holds the network as it is now, and ten {proven} with their results. With these anyone "
                   "can prove that it computes the same elsewhere: with `bitladder verify FILE`, or with the exported "
                   "JavaScript or C."),
        Buttons(buttons=tuple(Button(form.label, act=PREFIX + form.name, name=PREFIX + form.name) for form in forms)),
    ))
