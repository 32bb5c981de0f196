"""The writer and reader of messages, against the examples of protobuf's own documentation."""

import pytest

from pyapp.protobuf import Malformed, message, parsed, varint, varints


@pytest.mark.parametrize(("fields", "data"), [  # protobuf.dev/programming-guides/encoding
    ([(1, 150)], "089601"), ([(2, "testing")], "120774657374696e67"), ([(3, message((1, 150)))], "1a03089601"),
    ([(4, "hello"), (5, [1, 2, 3])], "220568656c6c6f280128022803"), ([(1, -2)], "08feffffffffffffffff01"),
    ([(5, 25.4)], "2d3333cb41"),
])
def test_examples_of_the_documentation(fields, data):
    assert message(*fields).hex() == data


def test_what_was_written_is_read():
    inner = message((1, [0, 127, 128, -1, 2**63 - 1, -(2**63)]))
    found = parsed(message((9, inner), (2, 0.5), (300, ["", "é"])))
    assert found == {9: [inner], 2: [0.5], 300: [b"", "é".encode()]}
    assert parsed(found[9][0]) == {1: [0, 127, 128, -1, 2**63 - 1, -(2**63)]}


@pytest.mark.parametrize("data", [b"\x08", b"\x08\x96", b"\x12\x07test", b"\xff" * 20,
                                  b"\x2d\x00", b"\x09" + bytes(7), b"\x0b", varint(2 << 3 | 2) + varint(2**40)])
def test_what_is_no_message_is_refused(data):
    with pytest.raises(Malformed):
        parsed(data)


def test_packed_numbers_are_read_at_once():
    numbers = [0, 127, 128, 300, -1, 2**63 - 1, -(2**63)]
    assert varints(b"".join(map(varint, numbers))).tolist() == numbers
    assert varints(b"\x07").tolist() == [7] and varints(b"").tolist() == []
    for data in (b"\x80", b"\x01\x80", b"\x80" * 10 + b"\x01"):
        with pytest.raises(Malformed):
            varints(data)
