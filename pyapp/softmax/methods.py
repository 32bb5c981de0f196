"""All softmax methods by name, in the order of the table: exact, then from the most arithmetic to the least, by family.
"""

from pyapp.softmax.exact import Exact
from pyapp.softmax.exaq import EXAQ2, EXAQ3
from pyapp.softmax.hccs import HCCS
from pyapp.softmax.ibert import IBert, IBertLn2, IBertPaper
from pyapp.softmax.indexsoftmax import IndexSoftmax
from pyapp.softmax.itamax import ITAMax, ITAMaxStreaming, ITAMaxWide, ITAMaxWideStreaming
from pyapp.softmax.lut2 import LUT2
from pyapp.softmax.method import Method, Softmax
from pyapp.softmax.shiftmax import Shiftmax
from pyapp.softmax.softermax import Softermax, SoftermaxNative
from pyapp.softmax.tflite import TFLite

METHODS: dict[str, type[Method]] = {method.name: method for method in (
    Exact, IBert, IBertPaper, IBertLn2, Softermax, SoftermaxNative, ITAMax, ITAMaxStreaming, ITAMaxWide,
    ITAMaxWideStreaming, TFLite, LUT2, IndexSoftmax, EXAQ3, EXAQ2, Shiftmax, HCCS,
)}
INTEGER: dict[str, type[Softmax]] = {name: method for name, method in METHODS.items() if issubclass(method, Softmax)}


def make(name: str, scale: float) -> Method:
    """The method of that name for logits of a scale. ValueError for an unknown name or a scale that cannot be used."""
    if name not in METHODS:
        raise ValueError(f"no softmax method is named {name!r}; choose from {', '.join(METHODS)}")
    return METHODS[name](scale)
