"""A seal over a whole file: its length and its sha256, written into the file itself.

The file is made with BLANK in one place. The sha256 is that of the file with its length filled in and the digits of
the sha256 still zeros, so the seal no longer matches if any other byte changes or the file is cut off.
"""

import hashlib
import re

MARK = b"bitladder-seal:"
BLANK = MARK + b"0" * 10 + b":" + b"0" * 64
SEAL = re.compile(MARK + rb"(\d{10}):([0-9a-f]{64})")


class Broken(ValueError):
    """A file is not as it was exported; the message says what was found."""


def sealed(data: bytes) -> bytes:
    """The file with its seal in place of BLANK. ValueError unless BLANK is in it once."""
    if data.count(BLANK) != 1:
        raise ValueError(f"BLANK occurs {data.count(BLANK)} times in the file; it has to occur once")
    measured = data.replace(BLANK, MARK + f"{len(data):010d}:".encode() + b"0" * 64)
    return measured.replace(b":" + b"0" * 64, b":" + hashlib.sha256(measured).hexdigest().encode())


def check(data: bytes) -> None:
    """Broken if the file is not, byte for byte, what `sealed` made."""
    seals = list(SEAL.finditer(data))
    if len(seals) != 1:
        if data[:4] == b"PK\x03\x04" and not seals:  # as the page saves two files at once
            raise Broken("no seal in its zip file: it is not a Bitladder export, or is cut off; unpack what the page "
                         "saved as .zip, and verify the .h or .json in it")
        few = "no seal" if not seals else f"{len(seals)} seals"
        raise Broken(f"{few} in its {len(data):,} bytes: it is not a Bitladder export, or its beginning is damaged")
    length, digest = int(seals[0][1]), seals[0][2]
    if length != len(data):
        cut = "it was cut off" if len(data) < length else "something was added"
        raise Broken(f"{len(data):,} bytes where {length:,} were written: {cut}")
    start, stop = seals[0].span(2)
    if hashlib.sha256(data[:start] + b"0" * 64 + data[stop:]).hexdigest().encode() != digest:
        raise Broken("bytes that were changed after the export: its sha256 does not match its seal")
