"""Functions that a reader edits: obeyed at once, and wrong ones answered with their line."""

import numpy as np
import pytest
from unit.experiment.curve import PARABOLA, X

from pyapp import bridge
from pyapp.experiment.live import EditError, Live, blame, missing, pulse
from pyapp.ladder import bend, line


@pytest.fixture
def live():
    return Live((line.predict, line.loss, line.gradients))


@pytest.mark.parametrize("text", [PARABOLA + "# \ud83d", f"# é👩\n{PARABOLA}".replace("return", "return '\udc80' or"),
                                  "\udfff"])
def test_half_a_character_is_named_with_its_line(live, text):
    with pytest.raises(EditError, match=r"half of a character \(U\+D[89ABCDEF]..\) is left here; delete it") as found:
        live.edit("predict", text)
    lines = text.split("\n")
    assert "\ud800" <= max(lines[found.value.line - 1]) <= "\udfff"
    assert not missing(text)


def refused(live, name, source) -> EditError:
    before = dict(live.edits)
    with pytest.raises(EditError) as error:
        live.edit(name, source)
    assert live.edits == before
    return error.value


def test_an_edit_is_obeyed_also_by_the_functions_that_call_it(live):
    assert live.predict(X, 2.0, 1.0).tolist() == [3, 5, 7]
    assert live.gradients(X, 2 * X, 2.0, 0.0) == (0, 0)
    live.edit("predict", PARABOLA)
    assert live.predict(X, 2.0, 1.0).tolist() == [3, 9, 19]
    assert live.gradients(X, 2 * X, 2.0, 0.0)[1] == pytest.approx(2 * np.mean(2 * X * X - 2 * X))
    assert line.predict(X, 2.0, 1.0).tolist() == [3, 5, 7]  # the shipped one is as it was
    live.reset("predict")
    assert live.predict(X, 2.0, 1.0).tolist() == [3, 5, 7] and live.edits == {}


def test_a_text_that_writes_into_the_points_changes_its_own_only(live):
    points = line.Y.copy()
    live.edit("predict", "Y[:] = 5\n" + PARABOLA)
    assert line.Y.tolist() == points.tolist()
    live.reset("predict")
    assert live._scope["Y"].tolist() == points.tolist()


def test_an_edited_function_may_be_called_by_the_names_of_its_arguments(live):
    live.edit("predict", PARABOLA)
    live.edit("loss", "def loss(predicted, y):\n    return np.mean((predict(x=y, w=2.0, b=0.0) - predicted) ** 2)\n")
    assert live.loss(2 * X * X, X) == 0


def test_one_scope_holds_the_functions_of_several_files():
    live = Live((line.loss, bend.sigmoid, bend.predict))
    live.edit("sigmoid", "def sigmoid(z):\n    return 0 * z + 7")
    assert live.predict(X, 1.0, 0.0).tolist() == [7, 7, 7] and live.loss(X, X) == 0


def test_a_text_may_bring_helpers_constants_and_imports(live):
    live.edit("predict", "import math\nHALF = 0.5\ndef half(x):\n    return HALF * x\n"
                         "def predict(x, w, b):\n    return half(x) + math.floor(b)")
    assert live.predict(X, 0.0, 1.5).tolist() == [1.5, 2, 2.5]


def test_resetting_one_leaves_the_other(live):
    live.edit("predict", PARABOLA)
    live.edit("loss", "def loss(predicted, y):\n    return np.max(abs(predicted - y))")
    live.reset("predict")
    assert list(live.edits) == ["loss"] and live.loss(live.predict(X, 1.0, 4.0), X) == 4


def test_a_syntax_error_has_its_line(live):
    error = refused(live, "predict", "def predict(x, w, b):\n    return w *\n")
    assert error.line == 2 and error.kind == "SyntaxError" and str(error).startswith("line 2: SyntaxError: ")
    assert refused(live, "predict", "def predict(x, w, b):\nreturn 1").kind == "IndentationError"
    assert live.predict(X, 2.0, 1.0).tolist() == [3, 5, 7]


def test_another_name_is_not_an_edit(live):
    error = refused(live, "predict", "def prediction(x, w, b):\n    return x")
    assert "does not define predict" in error.message
    assert "does not define predict" in refused(live, "predict", "").message
    assert "does not define predict" in refused(live, "predict", "predict = 3").message


def test_an_error_while_running_has_its_line(live):
    live.edit("predict", "def predict(x, w, b):\n    z = 1\n    return slope * x\n")
    with pytest.raises(EditError, match="line 3: NameError: name 'slope' is not defined") as error:
        live.gradients(X, X, 1.0, 0.0)
    assert error.value.function == "predict" and error.value.line == 3 and error.value.param == "code"


def test_an_error_below_the_text_has_the_line_that_called(live):
    live.edit("predict", "def predict(x, w, b):\n\n    return np.linalg.inv(x)\n")
    with pytest.raises(EditError, match="line 3: LinAlgError"):
        live.predict(X, 1.0, 0.0)


BARE = "class Own(BaseException): pass\n"
UNREADABLE = "class Own(BaseException):\n    def __str__(self): raise KeyboardInterrupt\n"


@pytest.mark.parametrize("before", ["", BARE, UNREADABLE])
@pytest.mark.parametrize("body, kind", [
    ("exit()", "SystemExit"), ("raise SystemExit", "SystemExit"), ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    ("raise GeneratorExit", "GeneratorExit"), ("raise StopIteration", "StopIteration"),
    ("raise SyntaxError", "SyntaxError"), ("raise MemoryError", "MemoryError"),
    ("raise BaseExceptionGroup('', [SystemExit()])", "BaseExceptionGroup"),
    ("np.ones(1 << 58)", "Error"), ("predict(x, w, b)", "RecursionError"), ("1 / 0", "ZeroDivisionError"),
    ("raise globals().get('Own', BaseException)", "BaseException|Own|Error")])
def test_every_error_of_edited_code_is_an_edit_error(live, before, body, kind):
    line = 2 + before.count("\n")
    live.edit("predict", f"{before}def predict(x, w, b):\n    {body}")
    with pytest.raises(EditError, match=f"line {line}: .*({kind})") as error:
        live.predict(X, 1.0, 0.0)
    assert error.value.function == "predict" and error.value.line == line
    found = refused(live, "loss", f"{before}{body.replace('predict(', 'Live(')}")
    assert found.line == line - 1 and found.function == "loss"


@pytest.mark.parametrize("method", ["__array__", "__len__", "__iter__"])
def test_a_returned_object_with_hostile_methods_is_contained(live, method):
    live.edit("predict", f"class Trap(list):\n    def {method}(self, *how, **more):\n        raise KeyboardInterrupt\n"
                         "def predict(x, w, b):\n    return Trap([1, 2, 3])")
    with pytest.raises(EditError):  # read or refused, and nothing gets out
        live.predict(X, 1.0, 0.0)


def test_the_text_in_which_an_error_arose_is_to_blame_also_for_what_it_has_patched(live, monkeypatch):
    monkeypatch.setattr(np, "mean", np.mean)  # and put back afterwards
    live.edit("predict", "def broken(*values):\n    raise KeyboardInterrupt\nnp.mean = broken\n" + PARABOLA)
    with pytest.raises(KeyboardInterrupt) as raised:
        line.loss(X, X)
    assert (blame(raised.value).function, blame(raised.value).line) == ("predict", 2)
    assert blame(ValueError()) is None


def test_a_text_that_deletes_its_own_function_is_refused(live):
    assert "does not define predict" in refused(live, "predict", "del predict").message


REMOVED = "remove only names that the text itself has made"


@pytest.mark.parametrize("removal, words", [
    ("globals().clear()", "every name that the page needs"), ("globals().popitem()", "every name that the page needs"),
    ("globals().pop('np')", "the name np"), ("del globals()['loss']", "has removed loss"),
    ("del gradients", "has removed gradients")])
def test_a_text_cannot_remove_what_the_page_needs(live, removal, words):
    """Neither when it runs nor when it is called; the message has the line, and no name that the text does not know."""
    error = refused(live, "predict", f"own = 1\n{removal}\n{PARABOLA}")
    assert (error.kind, error.line) == ("NameError", 2), error
    assert words in error.message and REMOVED in error.message
    if removal.startswith("globals"):
        live.edit("predict", f"def predict(x, w, b):\n    {removal}\n    return w * x + b")
        with pytest.raises(EditError, match=f"line 2: NameError: .*{words}"):
            live.predict(X, 1.0, 0.0)
        assert live.loss(X, X) == 0


def test_names_that_were_removed_all_the_same_are_put_back(live):
    error = refused(live, "predict", "dict.clear(globals())\n" + PARABOLA)
    assert error.message.startswith("the text has removed __") and REMOVED in error.message and len(error.message) < 200
    assert "has removed loss" in refused(live, "predict", "global loss; del loss\n" + PARABOLA).message
    live.edit("predict", PARABOLA)
    live.edit("gradients", "def gradients(x, y, w, b):\n    dict.pop(globals(), 'np')\n    return w, b")
    with pytest.raises(EditError, match="the text has removed np, which the page needs"):
        live.gradients(X, X, 1.0, 0.0)
    assert live.predict(X, 1.0, 0.0).tolist() == [1, 4, 9] and live.loss(X, X) == 0


def test_a_text_may_remove_its_own_names(live):
    live.edit("predict", "import math\nhalf = 0.5\ndel half, predict\nglobals().pop('math')\n" + PARABOLA)
    assert live.predict(X, 1.0, 0.0).tolist() == [1, 4, 9]


def test_a_text_finds_nothing_of_ours_among_its_names(live):
    live.edit("predict", "print([name for name in globals() if 'watch' in name])\n" + PARABOLA)
    assert live.printed() == "[]\n"


@pytest.mark.parametrize("body", [
    "raise ValueError('x' * 10**7)", "raise type('x' * 10**7, (Exception,), {})", "raise ValueError([0] * 10**6)",
    "raise SyntaxError('x' * 10**7)", "return type('x' * 10**7, (), {})()", "{'x' * 10**7: 1}['y' * 10**7]",
    "raise ExceptionGroup('x' * 10**7, [ValueError('y' * 10**7)])", "getattr(x, 'x' * 10**7)"])
def test_a_message_of_any_length_is_cut(live, body):
    live.edit("predict", f"def predict(x, w, b):\n    {body}")
    with pytest.raises(EditError) as error:
        live.predict(X, 1.0, 0.0)
    assert 1000 < len(str(error.value)) < 2500 and "…" in str(error.value)
    found = refused(live, "loss", body.replace("return ", "raise ").replace("(x, '", "(np, '"))
    assert found.line == 1 and len(str(found)) < 2500


@pytest.mark.parametrize("statement", [
    "print('x' * 10**7)", "print([0] * 10**6)", "print('', end='x' * 10**7)", "print(*range(100_000))",
    "print(type('x' * 10**7, (), {}))"])
def test_what_is_printed_is_cut_while_it_is_printed(live, statement):
    live.edit("predict", f"{statement}\nprint('and on')\n{PARABOLA}")
    assert live._prints.tell() < 11_000, "it takes no memory"
    assert len(text := live.printed()) < 11_000 and text.endswith("… and more\n")


def test_nested_too_deeply_to_be_read(live):
    assert refused(live, "predict", "x = " + "-" * 200_000 + "1").function == "predict"


@pytest.mark.parametrize("result, words", [
    ("None", "nothing (is there a return?), expected an array of shape (3,)"),
    ("x[:2]", "an array of shape (2,), expected an array of shape (3,)"),
    ("3.0", "a number, expected an array of shape (3,)"), ("'x'", "a str, expected"),
    ("[[1], [2, 3]]", "lists of different lengths, expected"), ("(x, x)", "2 results, expected"),
    ("x + 1j", "an array of shape (3,) of complex128, expected"), ("x * np.nan", "nan, which is not a number")])
def test_a_wrong_result_is_described(live, result, words):
    live.edit("predict", f"def predict(x, w, b):\n    return {result}")
    with pytest.raises(EditError) as error:
        live.predict(X, 1.0, 0.0)
    assert error.value.message.startswith(f"predict returned {words}")


def test_several_results_are_counted(live):
    live.edit("gradients", "def gradients(x, y, w, b):\n    return 1.0")
    with pytest.raises(EditError, match="gradients returned a number, expected 2 results"):
        live.gradients(X, X, 1.0, 0.0)
    live.edit("gradients", "def gradients(x, y, w, b):\n    return [1, np.float32(2)]")
    assert live.gradients(X, X, 1.0, 0.0) == (1, 2)


def test_a_list_will_do_for_an_array(live):
    live.edit("predict", "def predict(x, w, b):\n    return [w * number + b for number in x]")
    assert live.predict(X, 2.0, 1.0).tolist() == [3, 5, 7] and live.predict(X, 2.0, 1.0).dtype == np.float64


def test_arguments_are_copies(live):
    mine = X.copy()
    live.edit("predict", "def predict(x, w, b):\n    x *= w\n    return x + b")
    assert live.predict(mine, 2.0, 1.0).tolist() == [3, 5, 7] and mine.tolist() == X.tolist()


def test_print_is_kept_until_it_is_taken(live):
    live.edit("predict", "print('once')\ndef predict(x, w, b):\n    print(w, b, sep=';')\n    return x")
    live.predict(X, 2.0, 1.0)
    assert live.printed() == "once\n2.0;1.0\n" and live.printed() == ""
    live.edit("predict", "def predict(x, w, b):\n    for i in range(100000):\n        print('line', i)\n    return x")
    live.predict(X, 2.0, 1.0)
    assert len(live.printed()) < 11_000
    with live.quiet():
        live.predict(X, 2.0, 1.0)
    assert live.printed() == ""


def test_only_declared_functions_are_live(live):
    with pytest.raises(ValueError, match="no live function 'step'; there are predict, loss, gradients"):
        live.edit("step", "def step():\n    pass")
    with pytest.raises(AttributeError, match="step"):
        _ = live.step


def test_what_a_text_imports_and_is_not_here():
    assert missing("import numpy, math\nfrom os import path\nimport nowhere.deep\nfrom elsewhere import x") == [
        "elsewhere", "nowhere"]
    assert missing("def f():\n    import nowhere") == ["nowhere"] and missing("import (") == []


def test_edited_code_that_comes_to_an_end_beats(live, monkeypatch):
    beats = []
    monkeypatch.setattr(pulse, "EVERY", 0)
    bridge.watch(lambda: beats.append(1))
    live.edit("predict", "def predict(x, w, b):\n    return w * x + b\n")
    live.predict(X, 1.0, 0.0)
    calls = len(beats)
    assert calls == 4, "as the text begins and ends, and as the function does"
    live.edit("loss", "def loss(predicted, y):\n    for _ in range(9): predict(y, 1.0, 0.0)\n    return 0.0")
    live.loss(X, X)
    assert len(beats) == calls + 4, "what it calls in its turn, perhaps for ever, does not"
    bridge.watch(lambda: None)
