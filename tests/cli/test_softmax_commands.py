"""The softmax commands as a person types them."""

import json

import numpy as np
import pytest

from pyapp.__main__ import main
from pyapp.commands.softmax import KEYS
from pyapp.softmax.compare import compare
from pyapp.softmax.logits import FAMILIES, draw
from pyapp.softmax.methods import METHODS
from pyapp.softmax.shift import RULES


def run(capsys, *words) -> tuple[int, str, str]:
    status = main([str(word) for word in words])
    said = capsys.readouterr()
    return status, said.out, said.err


@pytest.mark.parametrize("method", METHODS)
def test_the_error_of_one_method(method, capsys):
    status, out, _ = run(capsys, "softmax-error", "--method", method, "--bits", 5, "--shift", "row-mean", "--logits",
                         "offset", "--rows", 40, "--length", 16, "--seed", 7, "--json")
    found = json.loads(out)
    assert status == 0 and tuple(found) == KEYS
    expected = vars(compare(draw("offset", 40, 16, 7), method, 5, "row-mean"))
    assert found == {key: expected[key] for key in KEYS}
    assert found["mae"] == pytest.approx(found["l1_per_row"] / found["n"]) and found["n"] == 16


def test_a_figure_of_the_protocol(capsys):
    out = run(capsys, "softmax-error", "--method", "exact", "--bits", 5, "--shift", "none", "--logits", "offset",
              "--rows", 512, "--length", 64, "--seed", 0, "--json")[1]
    assert json.loads(out)["l1_per_row"] == pytest.approx(0.302, abs=0.0006)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("family", FAMILIES)
def test_all_methods_in_a_table(rule, family, capsys):
    options = ("--bits", 4, "--shift", rule, "--logits", family, "--rows", 16, "--length", 8)
    rows = json.loads(run(capsys, "softmax-table", *options, "--json")[1])
    assert [row["method"] for row in rows] == list(METHODS)
    for row in rows:
        one = json.loads(run(capsys, "softmax-error", "--method", row["method"], *options, "--json")[1])
        assert row == {"method": row["method"], **one}


def test_in_words(capsys):
    out = run(capsys, "softmax-table", "--rows", 8, "--length", 4)[1]
    assert len(out.splitlines()) == 2 + len(METHODS) and "N = 4" in out
    assert "MAE" in run(capsys, "softmax-error", "--rows", 8, "--length", 4)[1]


@pytest.mark.parametrize(("words", "message"), [
    (("--bits", 1), "bits is 1; use a whole number from 2"), (("--bits", 99), "bits is 99"),
    (("--rows", 0), "0 rows of 64 logits"), (("--length", 0), "512 rows of 0"), (("--seed", -1), "the seed is -1"),
    (("--rows", 10**9), "at most 16,777,216"), (("--method", "magic"), "no softmax method is named 'magic'")])
def test_what_cannot_be_used_is_said_in_a_sentence(words, message, capsys):
    status, out, err = run(capsys, "softmax-error", *words)
    assert status == 2 and not out and message in err and err.startswith("bitladder: ")


@pytest.mark.parametrize("words", [("--shift", "median"), ("--logits", "real"), ("--bits", "four")])
def test_a_word_that_is_no_choice(words, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["softmax-error", *words])
    assert stop.value.code == 2 and words[1] in capsys.readouterr().err


@pytest.mark.parametrize("written", ["1 2 3\n-4 5 0.5\n", "[[1, 2, 3], [-4, 5, 0.5]]"])
def test_the_table_takes_logits_of_ones_own(written, capsys, tmp_path):
    path = tmp_path / "logits.txt"
    path.write_text(written)
    status, out, _ = run(capsys, "softmax-table", "--own", path, "--bits", 4, "--json")
    z = np.array([[1, 2, 3], [-4, 5, 0.5]])
    found = {each["method"]: each for each in json.loads(out)}
    assert status == 0 and found.keys() == METHODS.keys()
    for method in ("exact", "itamax"):
        assert found[method]["l1_per_row"] == vars(compare(z, method, 4, "none"))["l1_per_row"]
        assert found[method]["n"] == 3


@pytest.mark.parametrize(("written", "said"), [("1 two\n", "“two”"), ("", "there is no number")])
def test_logits_that_are_none_are_refused(written, said, capsys, tmp_path):
    path = tmp_path / "logits.txt"
    path.write_text(written)
    status, _, error = run(capsys, "softmax-error", "--method", "exact", "--own", path)
    assert status == 2 and said in error and "logits.txt holds no logits" in error and len(error.splitlines()) == 1
    assert run(capsys, "softmax-table", "--own", tmp_path / "none.txt")[0] == 2
