"""A checkpoint that is an export: the arrays that every command and page here reads, and a proof beside them.

    about, layer1.weight, ...    as in any checkpoint, see pyapp/checkpoint.py; a quantised network as its packed codes
                                 and grids, see pyapp/quantized/packed.py
    proof.pixels                 uint8 (10, 784), or bytes of other inputs (10, I), see reading.py
    normal.mean, .deviation      float32 (I,), of a network that reads signals
    proof.logits                 int32 codes or float32 (10, K)
"""

import hashlib
from collections.abc import Iterator, Mapping

import numpy as np

from pyapp import store
from pyapp.checkpoint import NORMAL, PROOF, Contents, described
from pyapp.core.classes import TEN
from pyapp.export.formats import Manifest, Opened, rounding_of
from pyapp.export.proof import Proof, Run, bound_of, compared
from pyapp.export.reading import Reading
from pyapp.export.subject import Network, Subject
from pyapp.nets import vit
from pyapp.nets.mlp import MLP
from pyapp.quantized import packed
from pyapp.quantized.network import QuantizedNetwork
from pyapp.quantized.saved import digits_network
from pyapp.quantized.transformer import QuantizedTransformer, TransformerSettings, quantize_vit

PIXELS, LOGITS = PROOF + "pixels", PROOF + "logits"


def fits(subject: Subject) -> str:
    """Why a checkpoint cannot hold a network, else "": it holds float ones, and digits networks with their codes."""
    held = subject.model != "vit" or not subject.scheme
    return "" if held else "it holds a Vision Transformer with float32 weights only; leave out the bits, or use onnx"


def arrays_of(subject: Subject, proof: Proof) -> dict[str, np.ndarray]:
    """The arrays of the file, except the manifest."""
    network = subject.network
    packs = isinstance(network, QuantizedNetwork)
    arrays = packed.arrays_of(network) if packs else store.arrays_of(subject.parameters)
    heads = network.model.size.heads if isinstance(network, QuantizedTransformer) else None
    arrays |= dict(zip((NORMAL + "mean", NORMAL + "deviation"), subject.reading.normal or (), strict=False))
    about = described(arrays, "export", heads=heads, classes=subject.classes or TEN,
                      activation=subject.parameters.activation)
    return {**about, PIXELS: proof.pixels, LOGITS: proof.logits}


def parts(arrays: Mapping[str, np.ndarray]) -> dict[str, str]:
    """Digests of the network and of the proof."""
    proof = {name: array for name, array in arrays.items() if name.startswith(PROOF)}
    return {"network": _digest({name: array for name, array in arrays.items() if name not in proof}),
            "proof": _digest(proof)}


def _digest(arrays: Mapping[str, np.ndarray]) -> str:
    """16 hexadecimal digits of the sha256 of arrays, whichever file holds them."""
    whole = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        little = array.astype(array.dtype.newbyteorder("<"), copy=False)
        whole.update(f"{name} {little.dtype.str} {array.shape};".encode() + little.tobytes())
    return whole.hexdigest()[:16]


def _network(found: Contents) -> Network:
    """The network of a checkpoint, of any kind."""
    if found.network == "signals":
        shapes = MLP(found.sizes["layers"]).shapes
        packs = found.packed
        return packed.network_of(found.arrays, found.name, found.activation) if packs else found.parameters(shapes)
    if found.network != "vit":
        return digits_network(found)
    model, p = vit.parameters(found)
    return quantize_vit(p, TransformerSettings(), size=model.size)


def opened(arrays: Mapping[str, np.ndarray], manifest: Manifest) -> Opened:
    """A file's arrays read back. ValueError if they are no network with a proof."""
    network = _network(Contents(arrays, "it"))
    reading, classes = Reading.of(manifest), tuple(manifest.get("classes", TEN))
    if arrays[PIXELS].shape != (10, reading.count) or arrays[PIXELS].dtype != np.uint8:
        raise ValueError(f"{PIXELS} is {arrays[PIXELS].dtype} {arrays[PIXELS].shape}")
    subject = Subject(manifest["network"], network, {}, {}, {}, "", rounding_of(manifest), classes, None, reading)
    proof = Proof(arrays[PIXELS], arrays[LOGITS], manifest["fingerprint"],
                  bound_of(arrays[LOGITS], subject.rebuilds), 0.0, reading, subject.rebuilds)

    def runs(beside: Mapping[str, bytes]) -> Iterator[Run]:
        again = Proof.of(subject, proof.pixels)
        yield compared("Python", proof, again.logits, again.fingerprint)

    return Opened(manifest, proof, parts(arrays), runs)
