"""JSON with its engine: its size, and a file whose parts do not belong together."""

import json

import pytest
from exported import exported

from pyapp.export.formats import written
from pyapp.export.json_js import FORMAT
from pyapp.export.verify import NotProven, checked


def main_of(subject) -> bytes:
    return next(iter(written(subject, FORMAT, "mlp").values()))


def test_eight_bits_take_150_kb(usual):
    assert len(main_of(usual)) <= 150_000


@pytest.mark.parametrize(("parts", "said"), [
    (("manifest",), "manifest belongs to another network"), (("network",), "numbers of the network"),
    (("proof",), "ten digits or their results"), (("network", "proof"), "manifest belongs to another network")])
def test_parts_of_another_export_are_named(usual, parts, said):
    ours, theirs = json.loads(main_of(usual)), json.loads(main_of(exported("4 bits, channels")))
    mixed = json.dumps({**ours, **{part: theirs[part] for part in parts}}).encode()
    with pytest.raises(NotProven, match=said):
        checked(mixed, FORMAT, {}, "mixed.json")
