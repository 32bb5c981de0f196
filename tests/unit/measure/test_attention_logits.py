import numpy as np
import pytest

from pyapp.core.losses import softmax
from pyapp.data import mnist
from pyapp.measure.attention_logits import TRAINED, token_names, vision
from pyapp.nets import vit
from pyapp.nets.vit import ViT
from pyapp.runner import Runner
from pyapp.softmax.sources import FINENESS


def test_the_softmax_of_the_logits_is_what_the_heads_look_at():
    source, model = vision(64, False, 12), ViT()
    model.forward(vit.load(), mnist.shipped("test")[0][12:13])
    assert source.logits.shape == (16, 50, 50) and source.mask is None and len(source.keys) == 50
    np.testing.assert_allclose(softmax(source.logits), model.attention()[:, 0].reshape(16, 50, 50), atol=1e-4)
    assert (source.logits * FINENESS == np.rint(source.logits * FINENESS)).all()


def test_a_shorter_row_begins_with_the_class_token_and_the_mask_is_as_asked():
    short, whole = vision(5, True, 12), vision(50, False, 12)
    assert (short.logits == whole.logits[:, :5, :5]).all() and short.queries == ("class", "1.1", "1.2", "1.3", "1.4")
    assert (short.mask == np.tri(5, dtype=bool)).all()


def test_the_seed_is_the_number_of_a_digit():
    assert "test digit 4, a " in vision(9, False, 3004).about
    assert (vision(9, False, 4).logits == vision(9, False, 3004).logits).all()
    assert (vision(9, False, 4).logits != vision(9, False, 5).logits).any()


def test_tokens_are_named_in_reading_order():
    assert token_names(4) == ("class", "1.1", "1.2", "2.1", "2.2")


@pytest.mark.parametrize("name", TRAINED)
def test_the_softmax_lab_offers_every_head(name):
    runner = Runner()
    answer = runner.open("attention", {"source": name, "head": 16, "length": 64}, strict=True)
    assert answer["frame"].scalars["head"] == 16
    assert answer["frame"].scalars["rows"] == {"vision transformer": 50, "gpt": 64}[name]
    assert (answer["frame"].arrays["logits"] == TRAINED[name](64, False, 1).logits[15]).all()
