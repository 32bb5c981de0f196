"""Where a format errs, in plain text."""

import numpy as np

from pyapp.measure.tensor_errors import error_map
from pyapp.measure.tensor_text import SHADES, drawn


def test_the_number_line_and_the_map_of_a_tensor_by_hand():
    """int4 with the scale 1: every number is a code but 0.5, which is rounded, and one column of 64 holds one level."""
    x = np.array([[7, 0.5, 0, 0], [-7, 0, 0, 3]], np.float32)
    line, errors = drawn(error_map(x.reshape(-1), x.shape, "int4"), "int4").split("\n\n")
    told, numbers, levels = line.splitlines()
    assert told == "number line from -7 to 7; int4: | one value, # several"
    assert numbers[15] == numbers[78] == "+" and numbers[15:].count("@") == 1, "four are 0: sqrt(1 / 4)"
    assert levels[15:].count("|") == 15 and levels[15] == levels[78] == "|"
    assert [each.rstrip() for each in errors.splitlines()] == [
        "error of int4: 1 channel per line, 1 number per character;",
        f'@ is 13.7% of the tensor\'s root mean square, in shades "{SHADES}"', f"{1:>14}  @", f"{2:>14}"]


def test_many_channels_share_lines_and_none_is_wider_than_a_terminal():
    x = np.random.default_rng(1).standard_normal((64, 200)).astype(np.float32)
    x[40:44] *= 10  # one line of four channels
    text = drawn(error_map(x.reshape(-1), x.shape, "int4:channel"), "int4:channel")
    assert max(map(len, text.splitlines())) <= 80 and text.count("\n") < 26
    worst = max(text.splitlines()[-16:], key=lambda line: sum(SHADES.index(each) for each in line[15:]))
    assert worst.split()[0] == "41"
