"""Inputs of a layer from a second file, as the page about tensors uses them: the output's error by method."""

from collections.abc import Sequence
from typing import Any

from pyapp.data.tensors.tensor import Tensor
from pyapp.experiment.panels import Column, Panel, Progress, Table, Words
from pyapp.measure.layer_output import BITS, METHODS, inputs_for, layer_of, output_errors
from pyapp.store import StoreError

MOST_WEIGHTS = 2**20  # of a layer that a page rounds

PANEL = Panel("outputs", "What rounding does to the layer’s output", (
    Words(text="The inputs in {inputs} go through the chosen layer twice: with its weights as they are, and with "
               "symmetric codes, one scale per output. The error is ‖X Wᵀ − X Ŵᵀ‖ / ‖X Wᵀ‖."),
    Words(role="note", text="{outputs_refused}", when="outputs_refused"),
    Progress(done="outputs_done", of="outputs_of", text="{outputs_done:count} of {outputs_of:count} widths"),
    Table(name="outputs", rows="outputs", key="bits", caption="Error of the layer's output by method", when="outputs",
          columns=(Column("bits", "bits:count"),
                   *(Column(title, f"{name}:percent:2", role="quant" if name != "nearest" else "")
                     for name, (title, _) in METHODS.items()))),
    Words(role="note", text="{outputs_said}", when="outputs_said"),
), when="inputs")


class Outputs:
    """A file of inputs, none with no name; `rows` are what was measured of one tensor."""

    def __init__(self, file: str = "", tensors: Sequence[Tensor] = ()):
        self.file, self.tensors = file, tensors
        self.of: Tensor | None = None
        self.rows: list[dict[str, Any]] = []
        self.refused = self.said = ""
        self._work = iter(())

    def step(self, tensor: Tensor) -> bool:
        """Measure the next width of this tensor; whether there was one."""
        if not self.file:
            return False
        if self.of is not tensor:
            self.of, self.rows, self.refused, self.said = tensor, [], "", ""
            self._work = self._begin(tensor)
        if (row := next(self._work, None)) is None:
            return False
        self.rows.append(row)
        return True

    def _begin(self, tensor: Tensor):
        try:
            inputs = inputs_for(tensor, self.tensors)
            if tensor.size > MOST_WEIGHTS:
                raise StoreError(f"{tensor.name} has {tensor.size:,} weights; up to {MOST_WEIGHTS:,} are rounded here, "
                                 "and `python -m pyapp inspect` has no such limit")
            layer = layer_of(tensor.read(), inputs.read())
        except (StoreError, ValueError) as error:
            self.refused = f"{self.file}: {error}."
            return iter(())
        self.said = f"The inputs are {inputs.name}. {layer.said()}"
        return output_errors(layer)

    def told(self, tensor: Tensor) -> dict[str, Any]:
        """The measurements of this tensor as a frame shows them."""
        known = self.of is tensor
        return {"inputs": self.file, "outputs": list(self.rows) if known else [], "outputs_of": len(BITS),
                "outputs_done": len(self.rows) if known and not self.refused else len(BITS) if known else 0,
                "outputs_refused": self.refused if known else "", "outputs_said": self.said if known else ""}
