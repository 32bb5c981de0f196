import json
from functools import cache

import numpy as np
import pytest

from pyapp import bridge, shipped
from pyapp.core.losses import softmax
from pyapp.experiment.params import ParamError
from pyapp.measure.own_text_loss import BITS
from pyapp.nets.generate import Sampling, Writer
from pyapp.pages.base.text_losses import calibration, of_shipped
from pyapp.pages.text import FLOAT_LOGITS, OWN_SCALES, QUANTISING, SHOWN, WRITING, Page
from pyapp.quant.formats.catalogue import find
from pyapp.quantized.kv_cache import SettingsWithCache, quantize_with_cache
from pyapp.quantized.transformer import TransformerSettings
from pyapp.runner import Runner

FLOATS = {"bits": "float", "activations": "float", "logit_bits": "float"}


def opened(tokens: int = 40, **params):
    """A runner, the run's number and the frame after everything was written."""
    runner = Runner()
    run = runner.open("text", {"tokens": tokens, **params})["run"]
    return runner, run, runner.advance(run, steps=tokens)["frame"]


def written(tokens: int, prompt: str = "ROMEO:\n", sampling: Sampling | None = None, seed: int = 1) -> str:
    model, p, vocabulary = shipped.gpt()
    writer = Writer(model, p, vocabulary.encode(prompt), sampling or Sampling(0.8), seed)
    return prompt + vocabulary.decode([writer.write().token for _ in range(tokens)])


def test_the_float_text_is_that_of_the_writer():
    frame = opened()[2]
    assert frame.step == 40 and frame.scalars["texts"]["float"] == written(40)
    assert frame.scalars["prompt"] == 7
    assert frame.scalars["bytes"]["float"] == 4 * shipped.gpt()[1].vector.size
    assert frame.scalars["bytes"]["quant"] == pytest.approx(frame.scalars["bytes"]["float"] / 4, rel=0.05)


def test_recorded_losses_belong_to_the_settings():
    plain = opened(1, logit_bits="2")[2].scalars["validation"]
    shifted = opened(1, logit_bits="2", shift="row-max")[2].scalars["validation"]
    assert plain["float"] == shifted["float"] <= 1.65 and plain["n"] == 218 * 128
    assert plain["cost"] == plain["quant"] - plain["float"] > shifted["cost"] > 0
    assert opened(1, bits="5")[2].scalars["validation"]["quant"] is None


def test_keys_and_values_in_few_bits_change_the_text_and_what_they_take():
    kept = {"greedy": True, "bits": "float", "activations": "float", "logit_bits": "float", "cache_bits": "2"}
    scalars = opened(80, **kept)[2].scalars
    model, p, vocabulary = shipped.gpt()
    twin = quantize_with_cache(model, p, SettingsWithCache(cache_bits=2))
    writer = Writer(twin.model, p, vocabulary.encode("ROMEO:\n"), Sampling(greedy=True), 1)
    text = vocabulary.decode([writer.write().token for _ in range(80)])
    assert scalars["texts"]["quant"] == "ROMEO:\n" + text != scalars["texts"]["float"]
    keys, values = 4 * (32 * 128 * 2 // 8 + 128 * 4), 128 * (128 * 2 // 8 + 4 * 4)  # 2-bit codes, two float16 per scale
    assert scalars["cache"] == {"tokens": 128, "float": 4 * 2 * 128 * 128 * 4, "quant": 4 * (keys + values)}
    assert scalars["validation"]["quant"] is None and "2-bit keys and values" in scalars["settings"]


@pytest.mark.parametrize("params", [{"greedy": True}, {"temperature": 1.3, "seed": 9}, {"top_k": 3}])
def test_it_is_written_as_the_controls_say(params):
    sampling = Sampling(params.get("temperature", 0.8), params.get("top_k", 0), params.get("greedy", False))
    frame = opened(30, **params)[2]
    assert frame.scalars["texts"]["float"] == written(30, sampling=sampling, seed=params.get("seed", 1))


def test_without_any_rounding_both_write_the_same():
    frame = opened(**FLOATS)[2]
    assert frame.scalars["texts"]["quant"] == frame.scalars["texts"]["float"]
    assert frame.scalars["difference"] is None
    assert frame.scalars["words"] == "No difference so far: the texts agree after 40 characters."


def test_the_first_difference_is_where_the_texts_part():
    scalars = opened(120, logit_bits="2")[2].scalars
    one, other, at = scalars["texts"]["float"], scalars["texts"]["quant"], scalars["difference"]
    assert one[:at] == other[:at] and one[at] != other[at] and at >= scalars["prompt"]
    assert f"The texts {f'agree for {at - 7} character' if at > 7 else 'differ at once'}" in scalars["words"]


def test_each_step_is_a_character_of_both_and_stopping_is_not_asking():
    runner = Runner()
    run = runner.open("text", {"tokens": 50})["run"]
    for step in (1, 2, 3):
        frame = runner.advance(run, steps=1)["frame"]
        assert frame.step == step
        assert {len(text) for text in frame.scalars["texts"].values()} <= {7 + step, 8 + step}
    assert not runner.advance(run, steps=1)["done"]


def test_a_change_of_the_quantised_network_leaves_the_float_text():
    runner, run, before = opened()
    after = runner.change(run, "shift", "row-max")["frame"]
    assert after.step == 0 and after.scalars["texts"]["float"] == before.scalars["texts"]["float"]
    assert after.scalars["texts"]["quant"] == "ROMEO:\n" and after.scalars["difference"] is None
    again = runner.advance(run, steps=40)["frame"]
    assert again.step == 40 and again.scalars["texts"]["quant"] != before.scalars["texts"]["quant"]


@pytest.mark.parametrize(("name", "value"), [("prompt", "JULIET:\n"), ("seed", 2), ("temperature", 1.2), ("top_k", 2),
                                             ("greedy", True)])
def test_a_change_of_what_is_written_starts_both_texts(name, value):
    runner, run, _ = opened(10)
    texts = runner.change(run, name, value)["frame"].scalars["texts"]
    assert texts["float"] == texts["quant"] == ("JULIET:\n" if name == "prompt" else "ROMEO:\n")
    assert not runner.advance(run, steps=1)["done"]


def test_more_characters_go_on_and_fewer_show_less():
    runner, run, before = opened(10)
    assert runner.change(run, "tokens", 20)["frame"].step == 10
    longer = runner.advance(run, steps=10)["frame"].scalars["texts"]["float"]
    assert longer.startswith(before.scalars["texts"]["float"]) and len(longer) == 27
    shorter = runner.change(run, "tokens", 5)["frame"]
    assert shorter.step == 5 and shorter.scalars["texts"]["float"] == longer[:12]


def test_every_control_but_what_is_only_shown_has_its_effect():
    names = {param.name for param in Page.PARAMS}
    assert names == {*WRITING, *QUANTISING, *SHOWN, "tokens"}


def test_weights_in_a_number_format_replace_those_on_a_grid():
    page = Page({param.name: param.default for param in Page.PARAMS} | {"bits": "4", "per": "channel"})
    page.params["format"] = "mxfp4"
    page.change("format", "mxfp4")
    p, frame = shipped.gpt()[1], page.frame()
    assert frame.notes == [OWN_SCALES]
    assert all(np.array_equal(page.twin.parameters[name], find("mxfp4").encode(p[name]).dequantize())
               for name in page.twin.tensors) and len(page.twin.tensors) == 18
    assert frame.scalars["bytes"]["quant"] == page.twin.nbytes < 460_000


def test_methods_and_ranges_of_the_twin_are_those_chosen():
    chosen = {"bits": "4", "per": "group:32", "method": "hqq", "activations": "8", "calibrate": "token"}
    page = Page({param.name: param.default for param in Page.PARAMS} | chosen)
    model, p, _ = shipped.gpt()
    settings = TransformerSettings(4, "group:32", 8, "token", 3, method="hqq")
    twin = quantize_with_cache(model, p, settings, calibration())
    assert np.array_equal(page.twin.parameters.vector, twin.parameters.vector)
    x = np.arange(12)[None]
    assert np.array_equal(page.twin.model.forward(page.twin.parameters, x), twin.model.forward(twin.parameters, x))
    assert page.frame().scalars["settings"].startswith(
        "4-bit weights per group of 32 by HQQ, 8-bit activations with a range for each character, 3-bit logits")
    page.params |= {"bits": "float", "activations": "float"}  # beside which neither means anything
    page.change("bits", "float")
    assert page.twin.tensors == {} and "HQQ" not in page.frame().scalars["settings"]


@pytest.mark.parametrize("prompt", ["", "é", "日本語"])
def test_nothing_to_go_on_from_is_the_start_of_a_line(prompt):
    frame = opened(10, prompt=prompt)[2]
    assert frame.scalars["empty"] and frame.scalars["texts"]["float"] == written(10, "\n")


def test_unknown_characters_are_said_and_the_prompt_is_kept():
    runner = Runner()
    answer = runner.open("text", {"prompt": "Ça va, ROMÉO?"})
    assert answer["params"]["prompt"] == "Ça va, ROMÉO?" and answer["frame"].scalars["texts"]["float"] == "a va, ROMO?"
    assert "knows 65 characters, but not “Ç”, “É”" in answer["frame"].notes[0]
    many = runner.change(answer["run"], "prompt", "Romeo" + "".join(map(chr, range(0x4E00, 0x4E20))))
    assert "and 22 more" in many["frame"].notes[0] and len(many["params"]["prompt"]) == 37
    assert runner.change(answer["run"], "prompt", "Romeo")["frame"].notes == []


def test_a_huge_prompt_is_refused_and_the_last_one_stays():
    runner, run, before = opened(5)
    with pytest.raises(ParamError, match="prompt has 10000000 characters") as error:
        runner.change(run, "prompt", "a" * 10_000_000)
    assert error.value.hint == "use at most 1000"
    assert runner.advance(run, steps=1)["frame"].scalars["texts"] == before.scalars["texts"]


def test_a_prompt_longer_than_the_window_is_read_from_its_end():
    prompt = ("The quick brown fox. " * 50)[:1000]
    runner, run, frame = opened(10, prompt=prompt)
    assert frame.scalars["texts"]["float"] == written(10, prompt)
    reading = runner.predict(run, {"side": "float", "at": 999})
    assert reading.scalars["start"] == 1000 - 128 and reading.scalars["window"] == prompt[-128:]


@pytest.mark.parametrize("side", ["float", "quant"])
def test_a_reading_says_what_follows_and_what_was_looked_at(side):
    runner, run, frame = opened(150)
    model, p, vocabulary = shipped.gpt()
    at = 100
    found = runner.predict(run, {"side": side, "at": at})
    text = frame.scalars["texts"][side]
    assert found.scalars["window"] == text[: at + 1] and found.scalars["start"] == 0
    assert vocabulary.characters[found.scalars["follows"]] == text[at + 1]
    logits = model.forward(p, vocabulary.encode(text[: at + 1])[None])[-1]
    np.testing.assert_allclose(found.arrays["next_float"], softmax(logits.astype(np.float64) / 0.8), atol=1e-9)
    np.testing.assert_allclose(found.arrays["attention_float"], model.attention()[1, 0, 0, -1], atol=1e-7)
    for name in ("next_float", "next_quant", "attention_float"):
        assert found.arrays[name].sum() == pytest.approx(1, abs=1e-5)
    looks = found.arrays[f"attention_{side}"]
    assert [row[side] for row in found.scalars["most"]] == sorted(looks, reverse=True)[:5]
    likeliest = found.scalars["likeliest"]["float"]
    assert likeliest["chance"] == found.arrays["next_float"].max()
    seen = {"\n": "↵", " ": "␣"}
    assert likeliest["character"] == seen.get(c := vocabulary.characters[found.arrays["next_float"].argmax()], c)
    assert found.scalars["labels"][-1] == seen.get(text[at], text[at]) and found.scalars["number"] == at + 1


def test_a_head_is_chosen_without_reading_again(monkeypatch):
    runner, run, _ = opened(20)
    first = runner.predict(run, {"side": "float", "at": 20})
    monkeypatch.setattr("pyapp.pages.text.read", None)
    runner.change(run, "layer", 4)
    runner.change(run, "head", 3)
    second = runner.predict(run, {"side": "float", "at": 20})
    assert (second.scalars["layer"], second.scalars["head"]) == (4, 3)
    assert not np.array_equal(first.arrays["attention_float"], second.arrays["attention_float"])
    assert (first.arrays["next_quant"] == second.arrays["next_quant"]).all()


def test_a_reading_of_the_same_text_after_a_change_is_another():
    runner, run, _ = opened(20)
    first = runner.predict(run, {"side": "float", "at": 20})
    runner.change(run, "logit_bits", "2")
    second = runner.predict(run, {"side": "float", "at": 20})
    assert (first.arrays["next_float"] == second.arrays["next_float"]).all()
    assert not np.allclose(first.arrays["next_quant"], second.arrays["next_quant"])
    beyond = runner.predict(run, {"side": "quant", "at": 500}).scalars
    assert (beyond["at"], beyond["follows"], beyond["newest"]) == (6, None, True)
    assert runner.predict(run, {"side": "quant", "at": None}).scalars == beyond
    assert not runner.predict(run, {"side": "quant", "at": 6}).scalars["newest"]


def test_softmax_and_shift_without_quantised_logits_are_not_in_use_and_it_is_said():
    runner, run, frame = opened(20, **FLOATS, softmax="ibert", shift="row-max")
    assert frame.notes == [FLOAT_LOGITS] and frame.scalars["difference"] is None
    assert runner.change(run, "logit_bits", "4")["frame"].notes == []


@pytest.mark.parametrize("inputs", [{}, {"side": "both", "at": 1}, {"side": "float"}, {"side": "float", "at": "x"}])
def test_other_questions_are_refused(inputs):
    runner, run, _ = opened(1)
    with pytest.raises(ValueError, match="reads a text up to a character"):
        runner.predict(run, inputs)


def test_losses_are_measured_in_pieces_and_the_shift_helps_at_few_bits(monkeypatch):
    monkeypatch.setattr("pyapp.pages.text.of_shipped", cache(of_shipped.__wrapped__))  # nothing is known yet
    runner = Runner()
    run = runner.open("text")["run"]
    before = runner.act(run, "measure")["frame"]
    assert before.scalars["losses"]["button"] == "Stop" and before.scalars["losses"]["progress"] == 0
    assert np.isnan(before.arrays["ladder_plain"]).all() and not before.scalars["losses"]["verdict"]
    runner.background(run, ms=0)
    assert runner.look(run).scalars["losses"]["progress"] == 0  # a token of the text that measures is written
    shares = [0]
    while len(set(shares)) < 4:
        shares.append(runner.background(run, ms=0)["frame"].scalars["losses"]["progress"])
    shares = shares[-3:]
    assert 0 < shares[0] < shares[1] < shares[2] < 1
    assert runner.act(run, "measure")["frame"].scalars["losses"]["progress"] is None  # stopped
    assert runner.background(run, ms=0)["done"]
    runner.act(run, "measure")
    answer = runner.background(run, ms=1e9)
    found, arrays = answer["frame"].scalars["losses"], answer["frame"].arrays
    plain, shifted = (dict(zip(arrays["ladder_bits"].tolist(), arrays[f"ladder_{name}"], strict=True))
                      for name in ("plain", "shifted"))
    assert answer["done"] and found["known"] and found["rule"] == "row-max" and found["n"] == 508
    assert list(plain) == sorted(BITS)
    assert found["quant"] == plain[3] and found["cost"] == plain[3] - found["float"]
    assert abs(plain[8] - found["float"]) < 0.03 and shifted[3] < plain[3] - 0.1 and shifted[2] < plain[2] - 0.5
    assert "visible difference" in found["verdict"] and "2 bits" in found["verdict"]
    changed = runner.change(run, "shift", "row-max")["frame"]
    assert changed.step == 0 and changed.scalars["losses"]["quant"] == shifted[3]  # measured once, known from then on
    assert changed.scalars["losses"]["verdict"]


def test_measuring_begins_when_all_is_written_and_a_change_stops_it(monkeypatch):
    monkeypatch.setattr("pyapp.pages.text.of_shipped", cache(of_shipped.__wrapped__))
    runner, run, _ = opened(2)
    runner.advance(run, ms=1e9)
    assert runner.background(run, ms=0)["frame"].scalars["losses"]["measuring"]
    assert runner.change(run, "layer", 3)["frame"].scalars["losses"]["measuring"]
    assert not runner.change(run, "temperature", 1.5)["frame"].scalars["losses"]["measuring"]


def test_speed_is_said_when_writing_rests():
    runner = Runner()
    run = runner.open("text")["run"]
    assert runner.background(run, ms=0)["frame"].scalars["speed"] is None
    writing = runner.advance(run, steps=5)["frame"]
    assert writing.scalars["speed"] is None and writing.scalars["live"]
    assert writing.arrays["next_float"].sum() == pytest.approx(1)
    resting = runner.background(run, ms=0)["frame"]
    assert all(speed > 0 for speed in resting.scalars["speed"].values())
    assert not resting.scalars["live"] and "next_float" not in resting.arrays
    assert runner.change(run, "seed", 2)["frame"].scalars["speed"] is None


@pytest.mark.parametrize(("params", "words"), [
    ({}, "8-bit weights, 8-bit activations, 3-bit logits, exact softmax, no shift"),
    ({"per": "channel", "shift": "row-max"},
     "8-bit weights per channel, 8-bit activations, 3-bit logits, exact softmax, shifted by the row maximum"),
    ({"format": "nf4-double"}, "weights in NF4, scales quantised, 8-bit activations, 3-bit logits, exact softmax, no "
                               "shift"),
    (FLOATS | {"per": "channel"}, "float32 weights, float32 activations, float32 logits")])
def test_the_quantised_network_is_described(params, words):
    assert Runner().open("text", params)["frame"].scalars["settings"] == words


def test_every_answer_crosses_to_the_page():
    def call(method, **args):
        text, arrays = bridge.call_json(method, json.dumps(args))
        assert text.startswith('{"ok"'), text
        return json.loads(text)["ok"], arrays
    run = call("open", page="text", params={"prompt": "", "tokens": 3})[0]["run"]
    call("advance", run=run, steps=3)
    call("predict", run=run, inputs={"side": "quant", "at": 2})
    call("act", run=run, name="measure")
    call("background", run=run, ms=0)


def test_the_page_stands_in_its_group():
    assert (Page.entry, Page.title) == ("Transformers", "Text")
