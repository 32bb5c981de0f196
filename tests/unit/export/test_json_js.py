"""JSON with its engine: its size, and a file whose parts do not belong together."""

import json

import pytest
from exported import exported

from pyapp.export.formats import written
from pyapp.export.json_js import FORMAT, parts
from pyapp.export.verify import NotProven, checked, proven
from pyapp.seal import BLANK, SEAL, sealed

pytestmark = pytest.mark.in_pyodide(1, "the cases differ in what is written, not in arithmetic")


def main_of(subject) -> bytes:
    return next(iter(written(subject, FORMAT, "mlp").values()))


def test_eight_bits_take_150_kb(usual):
    assert len(main_of(usual)) <= 150_000


@pytest.mark.parametrize(("others", "said"), [
    (("manifest",), "manifest belongs to another network"), (("network",), "numbers of the network"),
    (("proof",), "ten inputs or their results"), (("network", "proof"), "manifest belongs to another network")])
def test_parts_of_another_export_are_named(usual, others, said):
    ours, theirs = json.loads(main_of(usual)), json.loads(main_of(exported("4 bits, channels")))
    mixed = json.dumps({**ours, **{part: theirs[part] for part in others}}).encode()
    with pytest.raises(NotProven, match=said):
        checked(mixed, FORMAT, "mixed.json")


def resealed(data: bytes, change) -> bytes:
    """An export as somebody might change it who knows how seals and digests of parts are made."""
    file = json.loads(SEAL.sub(BLANK, data))
    file["manifest"]["parts"] = None
    change(file)
    if file["manifest"]["parts"] is None:
        file["manifest"]["parts"] = parts(file["network"], file["proof"])
    return sealed(json.dumps(file).encode())


CHANGES = {
    "beside is a list": lambda file: file["manifest"].update(beside=["a"]),
    "beside leads elsewhere": lambda file: file["manifest"].update(beside={"../a.mjs": "0"}),
    "parts": lambda file: file["manifest"].update(parts=[]),
    "kind": lambda file: file["manifest"].update(kind="c"),
    "no kind": lambda file: file["manifest"].pop("kind"),
    "version": lambda file: file["manifest"].update(bitladder=True),
    "rounding": lambda file: file["manifest"].update(arithmetic="integer, quux rounding"),
    "size": lambda file: file["network"]["layers"][0].update(size=0),
    "lowest": lambda file: file["network"]["layers"][0].update(lowest="a"),
    "large": lambda file: file["network"]["layers"][0].update(lowest=10**30),
    "high": lambda file: file["network"]["input"].update(high=None),
    "shape": lambda file: file["network"]["layers"][0].update(shape=[2**40, 784]),
    "weights": lambda file: file["network"]["layers"][0].update(weight="AAAA"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_file_that_was_sealed_again_is_refused_in_a_sentence(usual, change):
    with pytest.raises(NotProven, match=r"^net\.json: "):
        proven({"net.json": resealed(main_of(usual), change)}, FORMAT)


def test_one_that_was_sealed_again_without_a_change_is_proven(usual):
    assert proven({"net.json": resealed(main_of(usual), lambda file: None)}, FORMAT).ok
