""".npz: the checkpoint's arrays and, as an array, the manifest. The seal is the comment of the zip file."""

import struct

from pyapp import npz
from pyapp.checkpoint import MANIFEST, packed_json, unpacked_json
from pyapp.export import arrays, names
from pyapp.export.formats import Format, Manifest, Opened, checked_manifest
from pyapp.export.proof import Proof
from pyapp.export.subject import Subject
from pyapp.seal import BLANK, Broken


def main(subject: Subject, proof: Proof, manifest: Manifest) -> bytes:
    """The file. A seal among the arrays would not fit their checksums, so it follows them."""
    tensors = arrays.arrays_of(subject, proof)
    told = {key: value for key, value in manifest.items() if key != "seal"} | {"parts": arrays.parts(tensors)}
    data = npz.pack({**tensors, MANIFEST: packed_json(told)})
    return data[:-2] + struct.pack("<H", len(BLANK)) + BLANK  # the last field says how long the comment is


def opened(data: bytes) -> Opened:
    """A file read back. Broken says what is wrong with it."""
    try:
        tensors = npz.unpack(data)
        manifest = checked_manifest(unpacked_json(tensors.pop(MANIFEST)))
    except npz.Damaged as error:
        raise Broken(str(error)) from None
    except (ValueError, KeyError) as error:
        raise Broken(f"no manifest that can be read ({error})") from None
    return arrays.opened(tensors, manifest)


def recognises(data: bytes) -> bool:
    return data[:4] == b"PK\x03\x04"


FORMAT = Format(*names.NPZ, main, opened, recognises, arrays.fits)
