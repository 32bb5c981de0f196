import io
import json
import zipfile

import numpy as np
import pytest

from pyapp import store
from pyapp.files import NotWritten
from pyapp.store import NotHere, StoreError

ARRAYS = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.zeros(2, np.float32)}
SHAPES = {"a": (2, 3), "b": (2,)}


@pytest.fixture
def path(tmp_path):
    store.save(tmp_path / "w.npz", ARRAYS, {"command": "python x", "seed": 1})
    return tmp_path / "w.npz"


def test_what_is_saved_is_loaded_with_its_recipe(path):
    loaded = store.load(path)
    assert {k: v.tolist() for k, v in loaded.items()} == {k: v.tolist() for k, v in ARRAYS.items()}
    assert store.recipe(path)["seed"] == 1 and store.recipe(path)["bytes"] == path.stat().st_size
    assert store.pack(ARRAYS) == path.read_bytes()  # equal arrays, equal bytes


def steps() -> list[tuple[str, int, bool]]:
    """Every step of saving a pair, twice: failing once, and failing from then on."""
    return [(step, n, ever) for step in ("open", "fsync", "replace") for n in (1, 2) for ever in (False, True)]


@pytest.mark.parametrize(("step", "n", "ever"), steps())
def test_a_pair_that_cannot_be_saved_leaves_the_old_one(step, n, ever, path, failing, monkeypatch):
    calls = failing(step, n, ever)
    with pytest.raises(NotWritten, match=r"w\.npz could not be written \(No space left on device\)"):
        store.save(path, {"a": np.ones(3, np.float32)}, {"seed": 2})
    assert calls[0] >= n
    monkeypatch.undo()
    whole, seed = (("a",), 2) if (step, n, ever) == ("replace", 2, True) else (("a", "b"), 1)  # then: as after a kill
    assert tuple(store.load(path)) == whole and store.recipe(path)["seed"] == seed
    assert store.digest(path) == store.recipe(path)["sha256"]
    if seed == 1:
        assert sorted(file.name for file in path.parent.iterdir()) == ["w.json", "w.npz"]
    store.save(path, ARRAYS, {"seed": 3})
    assert set(store.load(path)) == {"a", "b"} and store.recipe(path)["seed"] == 3
    assert sorted(file.name for file in path.parent.iterdir()) == ["w.json", "w.npz"]


@pytest.mark.parametrize(("step", "n", "ever"), steps())
def test_a_first_pair_is_whole_or_absent(step, n, ever, tmp_path, failing, monkeypatch):
    path = tmp_path / "w.npz"
    failing(step, n, ever)
    with pytest.raises(NotWritten):
        store.save(path, ARRAYS, {})
    assert not list(tmp_path.iterdir())


def test_a_recipe_is_not_overwritten_by_its_weights(tmp_path):
    with pytest.raises(StoreError, match=r"w\.json is the name of a recipe"):
        store.save(tmp_path / "w.json", ARRAYS, {})
    assert not list(tmp_path.iterdir())


def test_a_recipe_given_for_weights_is_no_npz(path):
    with pytest.raises(StoreError, match=r"w\.json: expected an \.npz file, found \d+ bytes that begin with"):
        store.load(path.with_suffix(".json"))


def test_an_empty_file_and_one_cut_short_are_named_so(path):
    with pytest.raises(StoreError, match=r"w\.npz: expected an \.npz file, found an empty one"):
        store.unpack(b"", "w.npz")
    with pytest.raises(StoreError, match=r"found only the first 100 bytes of one: copy or download it again"):
        store.unpack(path.read_bytes()[:100], "w.npz")


@pytest.mark.parametrize("arrays, recipe", [({"a": np.array([1, np.nan], np.float32)}, {}),
                                            (ARRAYS, {"metrics": {"loss": float("inf")}})])
def test_numbers_that_are_not_finite_are_not_saved(arrays, recipe, tmp_path):
    with pytest.raises(StoreError, match="smaller rate"):
        store.save(tmp_path / "new" / "w.npz", arrays, recipe)
    assert not list(tmp_path.iterdir())


def test_a_damaged_file_is_refused_by_its_hash(path):
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    with pytest.raises(StoreError, match=r"w\.npz: expected sha256 \w+, found \w+"):
        store.load(path)


def test_json_of_another_program_beside_weights_is_no_recipe(path):
    path.with_suffix(".json").write_text('{"class_name": "Sequential"}')
    assert set(store.load(path)) == set(store.unpack(path.read_bytes(), "mine.npz"))


@pytest.mark.parametrize("ending", [".safetensors", ".onnx"])
def test_a_recipe_belongs_to_the_npz_and_not_to_an_export_of_the_same_name(ending, path):
    other = path.with_suffix(ending)
    other.write_bytes(b"an export of these weights")
    assert store.meant(other) == b"an export of these weights"


def test_without_a_recipe_only_the_content_is_judged(path):
    path.with_suffix(".json").unlink()
    assert set(store.load(path)) == {"a", "b"}


def zipped(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize("data", [b"", b"hello, I am a picture", store.pack(ARRAYS)[:200], zipped("a.npy", b"nonsense"),
                                  zipped("a.npy", b"\x93NUMPY\x01\x00\xff\xff")])
def test_what_is_not_an_npz_is_refused(data):
    with pytest.raises(StoreError, match=r"mine\.npz: expected an \.npz file"):
        store.unpack(data, "mine.npz")


def test_objects_are_never_unpickled():
    buffer = io.BytesIO()
    np.savez(buffer, a=np.array([{"run": "me"}], dtype=object))
    with pytest.raises(StoreError, match="plain arrays"):
        store.unpack(buffer.getvalue(), "evil.npz")


@pytest.mark.parametrize(("arrays", "message"), [
    ({"a": ARRAYS["a"]}, "expected the arrays a, b; found a"),
    ({**ARRAYS, "c": ARRAYS["b"]}, "found a, b, c"),
    ({"a": ARRAYS["a"].T, "b": ARRAYS["b"]}, r"expected a as float32 \(2, 3\), found float32 \(3, 2\)"),
    ({"a": ARRAYS["a"].astype(int), "b": ARRAYS["b"]}, "found int"),
    ({"a": ARRAYS["a"], "b": np.array([0, np.nan], np.float32)}, "NaN or infinity"),
    ({}, "found none"),
])
def test_foreign_weights_are_refused(arrays, message):
    with pytest.raises(StoreError, match=message):
        store.parameters(arrays, SHAPES, "mine.npz")


def test_what_is_missing_of_the_shipped_weights_can_be_brought(path):
    with pytest.raises(NotHere) as shipped:
        store.load(store.WEIGHTS / "no such.npz")
    assert shipped.value.file == "weights/no such.npz"
    with pytest.raises(NotHere) as own:
        store.load(path.with_name("nothing.npz"))
    assert own.value.file is None
    with pytest.raises(StoreError) as folder:  # it is there, so that bringing it would not help
        store.load(path.parent)
    assert not isinstance(folder.value, NotHere)


def test_missing_files_and_broken_recipes_are_named(path):
    with pytest.raises(StoreError, match=r"nothing\.npz: cannot be read"):
        store.load(path.with_name("nothing.npz"))
    path.with_suffix(".json").write_text("{")
    with pytest.raises(StoreError, match=r"w\.json: expected a recipe"):
        store.load(path)
    for words in ("[" * 100_000, '{"seed": NaN}', " " * (store.LARGEST_RECIPE + 1)):
        path.with_suffix(".json").write_text(words)
        with pytest.raises(StoreError, match=r"w\.json: expected a recipe in JSON, found none that can be read \(.+\)"):
            store.load(path)
    path.with_suffix(".json").write_text(json.dumps([1]))
    with pytest.raises(StoreError, match="expected a JSON object"):
        store.load(path)
