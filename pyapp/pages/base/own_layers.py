"""The layers of the reader's own digits network, and the activation between them."""

from collections.abc import Sequence

from pyapp.core.clamps import CLAMPS, RELU
from pyapp.experiment.frame import Experiment
from pyapp.experiment.params import Param, ParamError
from pyapp.nets.mlp import USUAL, check_sizes, read_sizes, sizes_of

ADAPTED = "The last number of Layers is {} now: the network has one score per class of the images."
LARGEST = 2**20  # parameters: about ten times those of the shipped network
LAYERS = Param("layers", "Layers", "text", USUAL, hi=60, widget="line", live=False,
               doc="Layer sizes of your own network: 784 pixels, the widths of any hidden layers, one score per class "
                   "of the images")
ACTIVATION = Param("activation", "Activation", "choice", RELU, choices=tuple(CLAMPS), live=False,
                   titles={name: clamp.title for name, clamp in CLAMPS.items()},
                   doc="Between the layers of your own network: ReLU sets negative sums to 0, ReLU6 also those above 6 "
                       "to 6, and hard tanh keeps them between -1 and 1")


def sizes(page: Experiment, outputs: int) -> tuple[tuple[int, ...], list[str]]:
    """The sizes that a page's parameter asks for; the last one becomes that of the `outputs` of the data, in the
    parameter too, and a note says it. If no network can have them, the usual sizes, and a note that says why."""
    try:
        given = read_sizes(page.params["layers"], "layers", USUAL)
        found = check_sizes((*given[:-1], outputs), LARGEST, outputs)
    except ValueError as error:
        why, _, hint = str(error).partition("; ")
        usual = sizes_of(USUAL, outputs=outputs)
        return usual, page.refuse("layers", ParamError("layers", why, hint), "layers",
                                  f"{written(usual)} is trained.")
    if found == given:
        return found, []
    page.params["layers"] = written(found)
    return found, [ADAPTED.format(outputs)]


def written(sizes: Sequence[int]) -> str:
    """Sizes as the parameter has them."""
    return "-".join(map(str, sizes))
