"""Pasted numbers that could be read wrongly without a word: they are read right, or refused with a reason."""

import pytest

from pyapp.data.pasted import NumbersError, read


def refused(text: str, message: str) -> None:
    with pytest.raises(NumbersError, match=message) as error:
        read(text)
    assert error.value.hint and len(str(error.value)) < 200


@pytest.mark.parametrize("text, message", [
    ("-np.array([1,2])", "neither"), ("0.5*np.array([1,2])", "neither"), ("x = 2-torch.tensor([1., 2.])", "neither"),
    ("-np.float32(1)", "neither"), ("np.array([1, 2]*-1)", r"“\*-1” stands after"), ("np.array([1, 2]/s)", "“/s”"),
    ("-np.Tensor [1, 2]", "outside"), ("x -= np.array([1, 2])", "changes"), ("x *= [1, 2]", "changes"),
    ("np.array([1, 2])/255", "outside"),
])
def test_arithmetic_is_never_dropped(text, message):
    refused(text, message)
