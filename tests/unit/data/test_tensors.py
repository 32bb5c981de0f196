import numpy as np
import pytest

from pyapp.data import tensors

TWO_BY_THREE = np.array([[0.5, -1.25, 3.0], [4.0, 0.0, 1e-3]], np.float32)


@pytest.mark.parametrize("text", [
    "0.5 -1.25 3\n4 0 1e-3", "0.5, -1.25, 3; 4, 0, .001", " 0.5\t−1.25 3 ;\n\n4,0,1E-3\n", "0.5,-1.25,3\r\n4,0,0.001",
    "[[0.5, -1.25, 3], [4, 0, 1e-3]]", "[[0.5 -1.25\n  3.]\n [4. 0.\n 0.001]]", "[0.5 -1.25 3; 4 0 0.001]",
    "[0.5, -1.25, 3]\n[4, 0, 0.001]", repr(TWO_BY_THREE), str(TWO_BY_THREE), str(TWO_BY_THREE.tolist()),
    "x = np.array([[0.5, -1.25, 3], [4, 0, 0.001]], dtype=np.float32);", repr(TWO_BY_THREE[None]),
    "tensor([[0.5, -1.25, 3.], [4., 0., 0.001]], device='cuda:0', requires_grad=True)",
])
def test_however_it_is_written(text):
    found = tensors.parse(text)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, TWO_BY_THREE)


def test_one_number_is_a_tensor():
    assert tensors.parse("7").tolist() == [[7]]


@pytest.mark.parametrize("text, message", [
    ("", "no number"), (" ;, \n", "no number"), ("[]", "no number"),
    ("1 2; 3", "row 2 has 1 numbers, but row 1 has 2"), ("1 two 3", "“two” in row 1"),
    ("1 2\n3 nan", "nan in row 2"), ("-inf", "-inf in row 1"), ("1e39", "too large"),
    ("[1 2", "do not match"), ("1 2]", "do not match"), ("]1[", "do not match"), ("[1, 2, [3, 4]]", "between"),
    ("[[0.1, ..., 0.2]]", "left out"), ("weights: [1, 2]", "outside"), ("[1, 2] apples", "outside"), ("50%", "50%"),
    ("<img src=x onerror=alert(1)>", "<img"), ("1 " * 4097, "4,097 numbers"), ("__import__('os')", "is not a number"),
])
def test_what_is_no_tensor_is_said(text, message):
    with pytest.raises(tensors.TextError, match=message) as error:
        tensors.parse(text)
    assert error.value.hint


@pytest.mark.parametrize("kind", tensors.DRAWN)
def test_drawn_tensors_repeat_and_are_what_they_say(kind):
    x = tensors.draw(kind, (20, 30), seed=4)
    assert x.dtype == np.float32 and x.shape == (20, 30) and np.isfinite(x).all()
    np.testing.assert_array_equal(x, tensors.draw(kind, (20, 30), seed=4))
    assert (x != tensors.draw(kind, (20, 30), seed=5)).any()


def test_kinds_differ_in_the_way_that_matters():
    x = {kind: tensors.draw(kind, (64, 64), seed=1) for kind in tensors.DRAWN}
    assert x["relu"].min() == 0 and 0.4 < (x["relu"] == 0).mean() < 0.6
    assert -0.3 < x["silu"].min() < 0
    assert np.abs(x["outlier"]).max() > 3 * np.abs(x["normal"]).max()
    reach = np.abs(x["channels"]).max(axis=1)
    assert reach.max() > 10 * reach.min()


def test_weights_are_a_part_of_the_shipped_matrix():
    w = tensors.pretrained()["layer3.weight"]
    np.testing.assert_array_equal(tensors.weights("layer3", (64, 64), 1), w)  # it has 10 rows and 64 columns
    part = tensors.weights("layer3", (4, 8), 2)
    assert part.shape == (4, 8) and np.isin(part, w).all()
