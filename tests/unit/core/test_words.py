"""Counts in sentences."""

import pytest

from pyapp.core.words import counted


@pytest.mark.parametrize(("n", "what", "said"), [
    (1, "cell", "1 cell"), (0, "cell", "0 cells"), (2000, "missing value", "2,000 missing values"),
    (1, "class", "1 class"), (3, "class", "3 classes")])
def test_one_is_no_plural(n, what, said):
    assert counted(n, what) == said
