import pytest

from pyapp import store
from pyapp.measure.recorded_losses import RECORDED, Losses, recorded
from pyapp.nets import gpt
from pyapp.quantized.transformer import TransformerSettings

HEAD = "bits,per,activations,calibrate,logit_bits,softmax,shift,accuracy,loss,n,bytes,weights,data\n"


def table(folder, weights: str):
    path = folder / "losses.csv"
    path.write_text(HEAD + f"none,tensor,none,minmax,none,exact,none,0.5,1.5,9,9,{weights},d\n"
                    f"8,group:16,8,mse,3,lut2,row-max,0.4,1.75,9,9,{weights},d\n")
    return path


def test_losses_are_found_by_their_settings(tmp_path):
    losses = recorded(table(tmp_path, store.recipe(gpt.SHIPPED)["sha256"][:12]))
    assert losses == Losses({TransformerSettings(): 1.5,
                             TransformerSettings(8, "group:16", 8, "mse", 3, "lut2", "row-max"): 1.75}, 9)


def test_those_of_other_weights_and_of_no_table_are_none(tmp_path):
    assert recorded(table(tmp_path, "0123456789ab")) == Losses({}, 0) == recorded(tmp_path / "absent.csv")


def test_what_ships_is_of_the_shipped_network_and_agrees_with_its_recipe():
    losses = recorded(RECORDED).by_settings
    whole = store.recipe(gpt.SHIPPED)["metrics"]["validation"]["loss"]
    assert losses[TransformerSettings()] == pytest.approx(whole, abs=0.1)  # a quarter of the text, not all of it
    for method in ("exact", "lut2", "tflite"):
        shifted, plain = (losses[TransformerSettings(8, activations=8, logit_bits=2, softmax=method, shift=rule)]
                          for rule in ("row-max", "none"))
        assert shifted < plain - 0.5
