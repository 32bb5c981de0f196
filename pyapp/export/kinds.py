"""Every format by its name."""

from pyapp.export import c_header, html, json_js, npz_file, safetensors_file
from pyapp.export.formats import Format

FORMATS: dict[str, Format] = {module.FORMAT.name: module.FORMAT for module in (
    json_js, html, c_header, safetensors_file, npz_file)}
