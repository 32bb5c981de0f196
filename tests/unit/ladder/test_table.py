"""Moved cells as text."""

import numpy as np
import pytest

from pyapp.experiment.params import ParamError
from pyapp.ladder import toy
from pyapp.ladder.table import TABLE, parse, write

FITTED = toy.WORDS.index("mole"), toy.WORDS.index("blue")


@pytest.fixture
def fitted():
    return toy.load()["E"]


def test_cells_are_set_and_written_again(fitted):
    table = parse("mole 1 2, blue 3 -0.5,", fitted)
    assert table[FITTED[0], 0] == 2 and table[FITTED[1], 2] == -0.5 and np.count_nonzero(table != fitted) == 2
    assert write(table, fitted) == "blue 3 -0.5, mole 1 2"
    assert write(parse(write(table, fitted), fitted), fitted) == write(table, fitted)
    assert write(parse("", fitted), fitted) == ""


def test_the_later_entry_wins_and_a_fitted_number_is_none(fitted):
    text = f"mole 1 2, mole 1 {fitted[FITTED[0], 0]:g}, . 2 1, . 2 1.5"
    assert write(parse(text, fitted), fitted) == ". 2 1.5"


def test_all_cells_fit_into_the_parameter(fitted):
    text = write(np.full_like(fitted, -3.99), fitted)
    assert TABLE.parse(text) == (text, None) and np.all(parse(text, fitted) == -3.99)


@pytest.mark.parametrize("text, hint", [
    ("mole 1", "a word, a dimension"), ("mole 1 x", "a word, a dimension"), ("cat 1 2", "one of the words a fluffy"),
    ("mole 4 1", "dimension 1, 2 or 3"), ("mole 1 4.5", "from -4 to 4"), ("mole 1 nan", "from -4 to 4")])
def test_what_cannot_be_read_is_named(text, hint, fitted):
    with pytest.raises(ParamError) as error:
        parse(f"blue 1 1, {text}", fitted)
    assert repr(text) in str(error.value) and hint in error.value.hint and error.value.param == "table"
