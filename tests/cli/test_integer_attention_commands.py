"""`cache-table`, `int-attention` and `softmax-fit` on tiny random networks: their rows, their file, and bad input."""

import json

import pytest
from answers import refusal

from pyapp import store
from pyapp.__main__ import main
from pyapp.checkpoint import described
from pyapp.commands import fitting
from pyapp.data.text import Vocabulary
from pyapp.machine import made_on
from pyapp.nets import gpt, vit
from pyapp.nets.gpt import GPT, GPTSize

TEXT = "the cat sat on the mat. " * 40
SIZE = GPTSize(width=16, heads=2, blocks=1, context=40, hidden=16)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A tiny GPT whose heads are decided, the Vision Transformer with random weights, and a text."""
    folder, vocabulary = tmp_path_factory.mktemp("networks"), Vocabulary(TEXT)
    (folder / "t.txt").write_text(TEXT)
    model = GPT(len(vocabulary), SIZE)
    p = model.initial(1)
    p.vector *= 4
    store.save(folder / "gpt.npz", described(gpt.arrays_of(p, vocabulary), "train gpt", SIZE.heads), {})
    store.save(folder / "vit.npz", store.arrays_of(vit.ViT().initial(1)), {})
    return folder


def answered(capsys, *words):
    assert main([*map(str, words), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def on_gpt(files, *words) -> list[str]:
    return [*words, "gpt", "--weights", str(files / "gpt.npz"), "--data", str(files / "t.txt")]


def test_the_cache_table_has_losses_and_bytes(files, capsys):
    exact, *rows = answered(capsys, *on_gpt(files, "cache-table"))
    assert exact["loss"] == answered(capsys, *on_gpt(files, "evaluate"))["loss"]
    assert exact["bytes"] == 2 * 40 * 16 * 4 and [row["bits"] for row in rows] == [8] * 4 + [4] * 4 + [2] * 4
    keys_by_channel, by_token = rows[8], rows[9]
    values = 40 * (16 * 2 // 8 + 2 * 4)  # 2-bit codes, and a scale and a lowest number per head in float16
    assert by_token["bytes"] == 2 * values
    assert keys_by_channel["bytes"] == values + 32 * 16 * 2 // 8 + 16 * 4 + 8 * 16 * 4  # of 40 tokens 8 wait in float32
    assert rows[11]["symmetric"] and rows[11]["bytes"] == by_token["bytes"] - 2 * 40 * 2 * 2
    away = [abs(row["loss"] - exact["loss"]) for row in rows]
    assert 0 < max(away[:3]) < 0.02 < max(away[8:])
    main(on_gpt(files, "cache-table"))
    assert f"| 2 | per token | per token | symmetric | {rows[11]['loss']:.3f} |" in capsys.readouterr().out


@pytest.mark.parametrize("network", ["gpt", "vit"])
def test_attention_in_integers_is_near_the_float_one(network, files, capsys):
    subject = on_gpt(files) if network == "gpt" else ["vit", "--weights", str(files / "vit.npz"), "--images", "20"]
    rows = answered(capsys, "int-attention", *subject)
    exact, scores, whole = (row["loss"] for row in rows)
    assert exact == answered(capsys, "evaluate", *subject)["loss"]
    assert len({exact, scores, whole}) == 3 and max(abs(scores - exact), abs(whole - exact)) < 0.05


def test_a_fit_is_printed_and_saved_whole(files, tmp_path, capsys, monkeypatch):
    out, command = tmp_path / "fit.json", ["softmax-fit", "gpt", "--weights", files / "gpt.npz"]
    found = answered(capsys, *command, "--out", out)
    assert json.loads(out.read_text()) == found and found["weights"] == store.digest(files / "gpt.npz")[:12]
    assert found["made_on"] == made_on()
    assert [(head["layer"], head["head"]) for head in found["heads"]] == [(1, 1), (1, 2)]
    assert all(head["exaq3"]["after"] > 0 < head["hccs"]["peak"] for head in found["heads"])

    def stopped(*_):
        yield found["heads"][0]
        raise ValueError("the second head failed")

    monkeypatch.setattr(fitting, "fitted", stopped)
    assert "the second head failed" in _last(capsys, *command, "--out", out, "--json")
    assert json.loads(out.read_text()) == found
    assert "the second head failed" in _last(capsys, *command, "--out", tmp_path / "new.json")
    assert not (tmp_path / "new.json").exists()


def _last(capsys, *words) -> str:
    """The last line of a command that fails half-way."""
    assert main([str(word) for word in words]) == 2
    return capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize(("command", "message"), [
    (["cache-table", "gpt", "--data", "none.txt"], "none.txt"),
    (["cache-table", "gpt", "--data", "{files}/t.txt", "--weights", "{files}/gpt.npz", "--windows", "0"],
     "windows is 0"),
    (["cache-table", "gpt", "--data", "{files}/t.txt", "--weights", "{files}/vit.npz"], "vit.npz"),
    (["cache-table", "vit"], "invalid choice: 'vit'"),
    (["int-attention", "vit", "--images", "-1"], "images is -1"),
    (["int-attention", "gpt", "--data", "{files}/gpt.npz"], "gpt.npz"),
    (["softmax-fit", "gpt", "--weights", "{files}/vit.npz"], "vit.npz"),
    (["softmax-fit", "vit", "--out", "{files}"], "is a folder")])
def test_bad_input_is_named(command, message, files, capsys):
    assert message in refusal(capsys, *(word.format(files=files) for word in command))
