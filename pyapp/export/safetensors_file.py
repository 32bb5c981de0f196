"""safetensors: the checkpoint's arrays as tensors, the manifest in the metadata, under "bitladder"."""

import json

from pyapp import files, safetensors
from pyapp.export import arrays, names
from pyapp.export.formats import Format, Manifest, Opened, checked_manifest
from pyapp.export.proof import Proof
from pyapp.export.subject import Subject
from pyapp.seal import Broken

KEY = "bitladder"


def main(subject: Subject, proof: Proof, manifest: Manifest) -> bytes:
    """The file."""
    tensors = arrays.arrays_of(subject, proof)
    return safetensors.pack(tensors, {KEY: json.dumps(manifest | {"parts": arrays.parts(tensors)})})


def opened(data: bytes) -> Opened:
    """A file read back. Broken says what is wrong with it."""
    try:
        tensors, metadata = safetensors.unpack(data)
        manifest = checked_manifest(files.json_of(metadata.get(KEY, "null").encode()))
    except safetensors.Damaged as error:
        raise Broken(str(error)) from None
    except ValueError as error:
        raise Broken(f"no manifest that can be read ({error})") from None
    return arrays.opened(tensors, manifest)


FORMAT = Format(*names.SAFETENSORS, main, opened, safetensors.recognises, arrays.fits)
