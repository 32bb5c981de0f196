"""The digits network in a file, whoever wrote it: float parameters, or a quantised network with its own codes."""

from pathlib import Path

from pyapp.checkpoint import Contents
from pyapp.core.parameters import Parameters
from pyapp.nets import chain, mlp
from pyapp.quant.schemes import GRID
from pyapp.quantized import packed
from pyapp.quantized.network import QuantizedNetwork
from pyapp.quantized.qat import QATMLP
from pyapp.quantized.trained import finished
from pyapp.store import StoreError


def load_digits(path: Path = mlp.SHIPPED) -> Parameters | QuantizedNetwork:
    """The digits network in a file. StoreError says what is wrong with it."""
    return digits_network(chain.load(path))


def classes_of(path: Path = mlp.SHIPPED) -> tuple[str, ...]:
    """The names of the classes of the network in a file. StoreError says what is wrong with it."""
    return chain.load(path).need("mlp").classes


def digits_network(found: Contents) -> Parameters | QuantizedNetwork:
    """The digits network that a file holds. StoreError if it holds something else."""
    if found.need("mlp").packed:
        return packed.network_of(found.arrays, found.name, found.activation)
    if not found.quantised:
        return mlp.parameters(found)
    if (form := found.scheme.get("format", GRID)) != GRID:
        raise StoreError(f"{found.name}: its training is in the number format {form}, which only the page that saved "
                         "it reads; train on a uniform grid instead")
    model = trained_model(found)
    try:
        return finished(model, found.parameters(model.shapes))
    except ValueError as error:
        raise StoreError(f"{found.name}: {error}") from None


def trained_model(found: Contents) -> QATMLP:
    """The network of an unfinished quantisation-aware training. StoreError if its scheme is invalid."""
    try:
        scheme = {name: found.scheme[name] for name in ("bits", "activations", "per", "estimator")}
        return QATMLP(found.sizes["layers"], **scheme, form=found.scheme.get("format", GRID))
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise StoreError(f"{found.name}: expected a quantisation scheme, found {found.scheme} "
                         f"({error})") from None
