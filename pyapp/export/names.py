"""What every format is called, without the code that writes it: pages show their buttons before they need that."""

from typing import NamedTuple


class Name(NamedTuple):
    """A format's name in commands, the end of its main file's name, the label of its button, and what it holds."""

    name: str
    suffix: str
    label: str
    doc: str


JSON = Name("json", ".json", "JSON and JavaScript", "JSON with base64 numbers, and a JavaScript engine")
HTML = Name("html", ".html", "HTML page", "one page with a drawing pad, which a double click opens")
ONNX = Name("onnx", ".onnx", "ONNX", "ONNX in float32, or quantised with QuantizeLinear and DequantizeLinear")
ONNX_INTEGER = Name("onnx-qlinear", ".onnx", "ONNX, integers", "ONNX in integers, with the same results everywhere")
C = Name("c", ".h", "C", "a C99 header with integers only, and a test driver")
SAFETENSORS = Name("safetensors", ".safetensors", "safetensors",
                   "named tensors, which Bitladder and other programs can load")
NPZ = Name("npz", ".npz", ".npz", "named NumPy arrays, which every command and page here can load")
ALL = (JSON, HTML, ONNX, ONNX_INTEGER, C, SAFETENSORS, NPZ)
SIGNALS = tuple(form for form in ALL if form != HTML)  # of networks that read no drawings: HTML has a pad
