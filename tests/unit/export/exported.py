"""Networks of every kind that can be exported."""

from functools import cache

from pyapp.data import mnist
from pyapp.export.subject import Subject
from pyapp.nets import mlp, vit
from pyapp.quantized.network import Settings, quantize_network
from pyapp.quantized.transformer import TransformerSettings, quantize_vit

KINDS = {
    "float": None,
    "weights only": {"bits": 8},
    "groups, affine, float activations": {"bits": 5, "per": "group:32", "scheme": "affine"},
    "8 bits": {"bits": 8, "activations": 8},
    "4 bits, channels": {"bits": 4, "activations": 4, "per": "channel"},
    "3 bits, affine channels": {"bits": 3, "activations": 6, "per": "channel", "scheme": "affine"},
    "groups": {"bits": 3, "activations": 5, "per": "group:32"},
    "2 bits, affine groups": {"bits": 2, "activations": 8, "per": "group:16", "scheme": "affine"},
    "mixed bits": {"bits": (8, 4, 3), "activations": 12, "per": "channel"},
    "16-bit weights": {"bits": 16, "activations": 9},
}

VISION = {
    "float": {},
    "weights only": {"bits": 8},
    "8 bits, channels": {"bits": 8, "activations": 8, "per": "channel"},
    "4 bits, groups": {"bits": 4, "activations": 8, "per": "group:16"},
    "float weights, 6-bit activations": {"activations": 6},
    "quantised scores": {"bits": 8, "logit_bits": 8},
}


@cache
def exported(kind: str, rounding: str = "single") -> Subject:
    """The shipped digits network of this kind."""
    p, settings = mlp.load(), KINDS[kind]
    network = p if settings is None else quantize_network(p, Settings(**settings), mnist.calibration())
    return Subject("mlp", network, {"file": "mlp.npz", "sha256": "0" * 64}, settings or {},
                   {"accuracy": 0.99, "n": 3000, "data": "the shipped digits"}, "python -m pyapp export mlp", rounding)


@cache
def vision(kind: str) -> Subject:
    """The shipped Vision Transformer of this kind."""
    network = quantize_vit(vit.load(), TransformerSettings(**VISION[kind]))
    return Subject("vit", network, {"file": "vit.npz", "sha256": "0" * 64}, VISION[kind],
                   {"accuracy": 0.99, "n": 3000, "data": "the shipped digits"}, "python -m pyapp export vit")
