"""Every number format by name, uniform grids among them, for the commands and pages that let one choose."""

from collections.abc import Mapping
from typing import Any

from pyapp.core.parameters import Parameters
from pyapp.quant.formats.elements import BINARY, NF2, NF4, TERNARY, Integers
from pyapp.quant.formats.gguf import GGUF
from pyapp.quant.formats.gguf_layout import LAYOUTS
from pyapp.quant.formats.minifloat import E2M1, E2M3, E3M2, E4M3, E5M2
from pyapp.quant.formats.scales import Doubled, Largest, MeanMagnitude, PowerOfTwo, SmallFloat
from pyapp.quant.formats.tensor import Format
from pyapp.quant.parameters import QuantizedParameters, assemble, weight_names
from pyapp.quant.schemes import Granularity

OCP8, MX = "OCP 8-bit Floating Point 1.0", "OCP Microscaling Formats 1.0"
QLORA = "QLoRA (arXiv 2305.14314)"
WHOLE = Granularity()


def _blocks(size: int) -> Granularity:
    return Granularity("group", size)


_SCALED = (
    *(Format(f"int{bits}", f"{bits}-bit integers", Integers(bits), Largest(), WHOLE,
             "symmetric, as ONNX QuantizeLinear") for bits in range(8, 1, -1)),
    Format("fp8-e4m3", "FP8 E4M3", E4M3, Largest(), WHOLE, OCP8),
    Format("fp8-e5m2", "FP8 E5M2", E5M2, Largest(), WHOLE, OCP8),
    Format("fp6-e3m2", "FP6 E3M2", E3M2, Largest(), WHOLE, MX),
    Format("fp6-e2m3", "FP6 E2M3", E2M3, Largest(), WHOLE, MX),
    Format("fp4", "FP4 E2M1", E2M1, Largest(), WHOLE, MX),
    Format("nf4", "NF4", NF4, Largest(), _blocks(64), QLORA),
    Format("nf4-double", "NF4, scales quantised", NF4, Doubled(), _blocks(64), QLORA),
    Format("nf2", "NF2", NF2, Largest(), _blocks(64), QLORA),
    Format("ternary", "ternary", TERNARY, MeanMagnitude(), WHOLE, "BitNet b1.58 (arXiv 2402.17764)"),
    Format("binary", "binary", BINARY, MeanMagnitude(), WHOLE, "XNOR-Net (arXiv 1603.05279)"),
    Format("mxfp8", "MXFP8 E4M3", E4M3, PowerOfTwo(), _blocks(32), MX),
    Format("mxfp8-e5m2", "MXFP8 E5M2", E5M2, PowerOfTwo(), _blocks(32), MX),
    Format("mxfp6", "MXFP6 E2M3", E2M3, PowerOfTwo(), _blocks(32), MX),
    Format("mxfp6-e3m2", "MXFP6 E3M2", E3M2, PowerOfTwo(), _blocks(32), MX),
    Format("mxfp4", "MXFP4", E2M1, PowerOfTwo(), _blocks(32), MX),
    Format("mxint8", "MXINT8", Integers(8, 2.0**-6), PowerOfTwo(), _blocks(32), MX),
    Format("nvfp4", "NVFP4", E2M1, SmallFloat(), _blocks(16), "NVIDIA's NVFP4"),
)
FORMATS: dict[str, Format | GGUF] = {format.name: format for format in (*_SCALED, *(GGUF(name) for name in LAYOUTS))}


def find(name: str) -> Format | GGUF:
    """The format of this name, with blocks of another size after a colon if it has scales of its own: "int4:32",
    "nf4:128", "fp8-e4m3:channel". ValueError names the formats, or says what cannot follow."""
    base, colon, per = name.partition(":")
    if base not in FORMATS:
        raise ValueError(f"there is no format {base[:40]!r}; use one of {', '.join(FORMATS)}")
    format = FORMATS[base]
    if not colon:
        return format
    if isinstance(format, GGUF) or not isinstance(format.rule, Largest):
        raise ValueError(f"{base} has blocks of its own; leave out {':' + per[:20]!r}")
    return format.with_per(f"group:{per}" if per.isdigit() else per)


def format_parameters(p: Parameters, name: str) -> QuantizedParameters:
    """Every weight matrix in a number format. ValueError if there is none of this name."""
    return assemble(p, {weight: find(name).encode(p[weight]) for weight in weight_names(p)})


def check_choice(name: str, given: Mapping[str, Any], defaults: Mapping[str, Any]) -> None:
    """ValueError if the format does not exist, or if a setting of uniform grids is `given` with it and is not at its
    default."""
    find(name)
    for key, default in defaults.items():
        if (value := given[key]) != default:
            said = f'"{value}"' if isinstance(value, str) else value
            raise ValueError(f'{key}={said} cannot apply to format="{name}", which has bits, scales and blocks of its '
                             "own; leave out one of the two")
