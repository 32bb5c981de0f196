"""Files of tensors that hypothesis spoils: each is read, or refused in a sentence."""

import pytest
from fuzz_tensors import read_whole, samples

from pyapp.store import StoreError

hypothesis = pytest.importorskip("hypothesis", reason='pip install -e ".[test]" to test properties')
st = pytest.importorskip("hypothesis.strategies")

FILES = samples()
SPLICES = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 12), st.binary(max_size=12)),
                   min_size=1, max_size=4)  # where, how many bytes go, what comes instead


@hypothesis.settings(deadline=None)
@hypothesis.given(st.sampled_from(sorted(FILES)), SPLICES)
def test_a_spoiled_file_is_read_or_refused(name, splices):
    data = FILES[name]
    for where, gone, instead in splices:
        at = int(where * len(data))
        data = data[:at] + instead + data[at + gone :]
    try:
        read_whole(data, name)
    except StoreError as error:
        assert str(error).strip() and len(str(error)) < 500


@hypothesis.settings(deadline=None)
@hypothesis.given(st.sampled_from(sorted(FILES)), st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(name, data):
    try:
        read_whole(data, name)
    except StoreError as error:
        assert str(error).strip() and len(str(error)) < 500
