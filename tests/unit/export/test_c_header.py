"""The C header without a compiler: names, the manifest's comment, and parts that do not belong together."""

from dataclasses import replace

import pytest
from exported import exported

from pyapp.export.c_header import FORMAT, PARTS, driver, prefix_of
from pyapp.export.formats import written
from pyapp.export.verify import NotProven, checked

pytestmark = pytest.mark.in_pyodide(1, "the cases differ in what is written, not in arithmetic")


def header_of(subject, stem: str = "net") -> str:
    return next(iter(written(subject, FORMAT, stem).values())).decode("ascii")


@pytest.mark.parametrize(("stem", "prefix"), [
    ("net", "net"), ("my net-8.1", "my_net_8_1"), ("8bit", "network_8bit"), ("__x", "x"), ("größe", "gr_e"),
    ("数字", "network"), ("int", "int"), ("MANIFEST", "MANIFEST"), ("my NAME", "my_NAME")])
def test_a_name_of_a_file_becomes_an_identifier(stem, prefix, usual):
    assert prefix_of(stem) == prefix
    files = written(usual, FORMAT, stem)
    text = files[f"{stem}.h"].decode("ascii")
    assert f'#include "{stem}.h"\n' in files[f"{stem}_test.c"].decode()
    assert f"static inline int {prefix}_run(" in text and "$" not in text
    found = checked(text.encode(), FORMAT, "net.h")
    assert next(found.runs({})).ok


def test_a_name_that_no_include_can_hold_is_refused():
    for name in ('a"b.h', "a\\b.h", "a\nb.h", "a??/b.h"):
        with pytest.raises(ValueError, match="choose a name without"):
            driver(name)


def test_a_transformer_is_refused_in_one_sentence(usual):
    with pytest.raises(ValueError, match="c cannot hold this network: it has code for networks of dense layers"):
        written(replace(usual, model="vit"), FORMAT, "net")


def test_no_word_of_the_manifest_ends_its_comment(usual):
    command = "python -m pyapp export mlp --weights */a/*.npz /* */ ??/"
    text = header_of(replace(usual, command=command))
    assert text.split("*/")[0].count("/*") == 1 and text.index("*/") < text.index("#ifndef")
    assert checked(text.encode(), FORMAT, "net.h").manifest["command"] == command


@pytest.mark.parametrize(("which", "said"), [
    ((0,), "manifest belongs to another network"), ((1,), "numbers of the network"),
    ((2,), "ten inputs or their results"), ((1, 2), "manifest belongs to another network")])
def test_parts_of_another_export_are_named(usual, which, said):
    other = header_of(exported("4 bits, channels"))
    ours, theirs = PARTS.split(header_of(usual)), PARTS.split(other)
    network, proof = PARTS.findall(other)
    head, middle, end = (theirs[i] if i in which else part for i, part in enumerate(ours))
    with pytest.raises(NotProven, match=said):
        checked(f"{head}{network}{middle}{proof}{end}".encode(), FORMAT, "mixed.h")
