"""The layers of the reader's own digits network, and the activation between them."""

from pyapp.core.clamps import CLAMPS, RELU
from pyapp.experiment.frame import Experiment
from pyapp.experiment.params import Param, ParamError
from pyapp.nets.mlp import USUAL, sizes_of

LARGEST = 2**20  # parameters: about ten times those of the shipped network
LAYERS = Param("layers", "Layers", "text", USUAL, hi=60, widget="line", live=False,
               doc="Layer sizes of your own network: 784 pixels, the widths of any hidden layers, one score per class")
ACTIVATION = Param("activation", "Activation", "choice", RELU, choices=tuple(CLAMPS), live=False,
                   titles={name: clamp.title for name, clamp in CLAMPS.items()},
                   doc="Between the layers of your own network: ReLU sets negative sums to 0, ReLU6 also those above 6 "
                       "to 6, and hard tanh keeps them between -1 and 1")


def sizes(page: Experiment, outputs: int) -> tuple[tuple[int, ...], list[str]]:
    """The sizes that a page's parameter asks for, and no note; or, if no network with `outputs` classes can have them,
    the usual sizes and a note that says why."""
    try:
        return sizes_of(page.params["layers"], LARGEST, outputs), []
    except ValueError as error:
        why, _, hint = str(error).partition("; ")
        usual = sizes_of(USUAL, outputs=outputs)
        return usual, page.refuse("layers", ParamError("layers", why, hint), "layers",
                                  f"{'-'.join(map(str, usual))} is trained.")
