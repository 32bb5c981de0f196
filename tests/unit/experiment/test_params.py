from dataclasses import replace

import pytest

from pyapp import pages
from pyapp.experiment.params import Param, ParamError, find, followers, neighbours, number, parse_all

RATE = Param("rate", "Rate", "float", 0.1, "how far", lo=0.001, hi=1)
SEED = Param("seed", "Seed", "int", 1, "which", lo=0, hi=2**32 - 1)
KIND = Param("kind", "Kind", "choice", "a", "what", choices=("a", "b"))
FLAG = Param("flag", "Flag", "bool", False, "whether")
ALL = (RATE, SEED, KIND, FLAG)


@pytest.mark.parametrize(("param", "given", "value"), [
    (RATE, "0.5", 0.5), (RATE, 1, 1.0), (SEED, "7", 7), (SEED, 7.0, 7), (SEED, "1e3", 1000), (KIND, "b", "b"),
    (FLAG, "true", True), (FLAG, "0", False), (FLAG, True, True),
])
def test_values_are_understood(param, given, value):
    parsed, note = param.parse(given)
    assert parsed == value and type(parsed) is type(value) and note is None


@pytest.mark.parametrize(("param", "given", "value", "note"), [
    (RATE, 7, 1, "rate 7 is above 1; using 1"), (RATE, "-1", 0.001, "rate -1 is below 0.001; using 0.001"),
    (RATE, "inf", 1, "rate inf is above 1; using 1"),
    (SEED, 2**32, 2**32 - 1, "seed 4294967296 is above 4294967295; using 4294967295"),
    (SEED, "-1e308", 0, "seed -1e+308 is below 0; using 0"),  # and none of its 309 digits
    (SEED, -1, 0, "seed -1 is below 0; using 0"),
])
def test_values_out_of_range_are_clamped_and_said(param, given, value, note):
    assert param.parse(given) == (value, note)


@pytest.mark.parametrize(("param", "given", "hint"), [
    (RATE, "fast", "use a number from 0.001 to 1"), (RATE, "nan", "use a number"), (RATE, None, "use a number"),
    (SEED, "1.5", "use a whole number from 0 to 4294967295"), (KIND, "c", "use one of a, b"),
    (FLAG, "2", "true or false"),
])
def test_nonsense_is_refused_with_a_hint(param, given, hint):
    with pytest.raises(ParamError, match=param.name) as error:
        param.parse(given)
    assert hint in error.value.hint and error.value.param == param.name


def test_a_link_with_mistakes_still_opens_and_says_so():
    values, notes = parse_all(ALL, {"rate": "9", "kind": "z", "foo": "1"}, strict=False)
    assert values == {"rate": 1, "seed": 1, "kind": "a", "flag": False}
    assert [note.split()[0] for note in notes] == ["rate", "kind", "there"]


def test_a_command_with_mistakes_is_refused():
    for given in ({"foo": 1}, {"kind": "z"}):
        with pytest.raises(ParamError):
            parse_all(ALL, given, strict=True)


FOLLOWING = (Param("how", "How", "choice", "slow", "how", choices=("slow", "fast")),
             Param("rate", "Rate", "float", 0.1, "rate", lo=0, hi=9, usual=("how", {"slow": 0.1, "fast": 3.0})))


@pytest.mark.parametrize("given, rate", [({}, 0.1), ({"how": "fast"}, 3.0), ({"rate": 1, "how": "fast"}, 1.0),
                                         ({"how": "wings"}, 0.1)])
def test_a_default_may_follow_another_parameter(given, rate):
    assert parse_all(FOLLOWING, given, strict=False)[0]["rate"] == rate
    assert followers(FOLLOWING, "how", "fast") == {"rate": 3.0} and followers(FOLLOWING, "rate", 1.0) == {}


def test_what_a_default_follows_is_declared():
    """For each value of the other parameter there is one, and the default is that of the other's default."""
    following = [(param, pages.page(name).PARAMS) for name in pages.names() for param in pages.page(name).PARAMS
                 if param.usual]
    assert len(following) == 4
    for param, params in following:
        other = find(params, param.usual[0])
        assert set(param.usual[1]) == set(other.choices) and param.usual[1][other.default] == param.default
        assert all(param.parse(value) == (value, None) for value in param.usual[1].values())


def test_the_command_line_refuses_what_a_link_clamps():
    with pytest.raises(ParamError, match=r"^rate 9 is above 1$") as error:
        parse_all(ALL, {"rate": "9"}, strict=True, clamp=False)
    assert error.value.hint.startswith("use a number from") and error.value.param == "rate"


INHERITED = ("__proto__", "constructor", "toString", "hasOwnProperty", "__class__", "__init__", "__dict__", "", " ",
             "None", "nan", "-inf", "1e999", "9" * 5000, "0x10", "\x00", "é", "日本", "true\n", "a?b", "[]", 10**400,
             -(10**400), [], {})


@pytest.mark.parametrize("value", INHERITED, ids=range(len(INHERITED)))
@pytest.mark.in_pyodide(8, "Python's own text handling is the same there")
def test_whatever_a_link_holds_every_page_gets_values_that_it_can_use(value):
    for params in (pages.page(name).PARAMS for name in pages.names()):
        for given in ({param.name: value for param in params}, {str(value): "1"}):
            values, notes = parse_all(params, given, strict=False)
            assert list(values) == [param.name for param in params]
            for param in params:
                assert param.parse(values[param.name]) == (values[param.name], None)
            assert all(len(note) < 400 for note in notes)


def test_a_long_value_is_quoted_in_part():
    _, (note,) = parse_all(ALL, {"kind": "x" * 4000}, strict=False)
    assert note.startswith("kind is 'xxx") and "… (4002 characters); use one of a, b" in note and len(note) < 150


def test_kind_gives_the_usual_widget_and_step():
    assert [param.widget for param in (RATE, SEED, KIND, FLAG)] == ["slider", "slider", "select", "switch"]
    assert (RATE.step, SEED.step, replace(SEED, step=16).step, replace(KIND, widget="slider").widget) == (
        None, 1, 16, "slider")


@pytest.mark.parametrize("given", [-20, 0, 20, "3"])
def test_a_number_has_the_type_of_its_parameter_even_at_its_limits(given):
    assert type(replace(RATE, lo=-8, hi=8).parse(given)[0]) is float
    assert type(SEED.parse(given)[0]) is int


def test_a_choice_in_words_is_no_number():
    assert [number(choice) for choice in ("8", "32", "off", "none", "float")] == [8, 32, None, None, None]


def test_neighbours_of_a_value_are_the_nearest_first():
    bits = Param("bits", "Bits", "int", 4, "how many", lo=2, hi=8)
    assert neighbours((SEED, bits), "bits", 4) == [4, 3, 5, 2, 6, 7, 8]
