"""FORMATS: every export format by its name."""

from pyapp.export import c_header, html, json_js, npz_file, onnx_file, safetensors_file
from pyapp.export.formats import Format

FORMATS: dict[str, Format] = {form.name: form for form in (
    json_js.FORMAT, html.FORMAT, onnx_file.FORMAT, onnx_file.INTEGER, c_header.FORMAT, safetensors_file.FORMAT,
    npz_file.FORMAT)}
