"""Numbers as people write them, spreadsheets copy them and programs print them."""

import json

import numpy as np
import pytest

from pyapp.data.pasted import read
from pyapp.pages.base import tensors

TWO_BY_THREE = np.array([[0.5, -1.25, 3.0], [4.0, 0.0, 1e-3]], np.float32)


@pytest.mark.parametrize("text", [
    "0.5 -1.25 3\n4 0 1e-3", "0.5, -1.25, 3; 4, 0, .001", " 0.5\t−1.25 3 ;\n\n4,0,1E-3\n", "0.5,-1.25,3\r\n4,0,0.001",
    "[[0.5, -1.25, 3], [4, 0, 1e-3]]", "[[0.5 -1.25\n  3.]\n [4. 0.\n 0.001]]", "[0.5 -1.25 3; 4 0 0.001]",
    "[0.5, -1.25, 3]\n[4, 0, 0.001]", repr(TWO_BY_THREE), str(TWO_BY_THREE), str(TWO_BY_THREE.tolist()),
    "x = np.array([[0.5, -1.25, 3], [4, 0, 0.001]], dtype=np.float32);", repr(TWO_BY_THREE[None]),
    "tensor([[0.5, -1.25, 3.], [4., 0., 0.001]], device='cuda:0', requires_grad=True)",
])
def test_numbers_are_read_however_they_are_written(text):
    found = tensors.parse(text)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, TWO_BY_THREE)


def test_one_number_is_a_tensor():
    assert tensors.parse("7").tolist() == [[7]]


@pytest.mark.parametrize("text, message", [
    ("", "no number"), (" ;, \n", "no number"), ("[]", "no number"),
    ("1 2; 3", "row 2 has 1 number, but row 1 has 2"), ("1 two 3", "“two” in row 1"),
    ("1 2\n3 nan", "nan in row 2"), ("-inf", "-inf in row 1"), ("1e39", "too large"),
    ("[1 2", "do not match"), ("1 2]", "do not match"), ("]1[", "do not match"), ("[1, 2, [3, 4]]", "between"),
    ("[[0.1, ..., 0.2]]", "left out"), ("weights: [1, 2]", "outside"), ("[1, 2] apples", "outside"), ("50%", "50%"),
    ("<img src=x onerror=alert(1)>", "<img"), ("1 " * 4097, "4,097 numbers"), ("__import__('os')", "neither a number"),
])
def test_a_text_that_is_not_a_tensor_is_refused(text, message):
    with pytest.raises(tensors.NumbersError, match=message) as error:
        tensors.parse(text)
    assert error.value.hint




def repr_of(text):
    return repr(text)[:40]


PRINTED = [  # by NumPy 1 and 2, torch, JAX, TensorFlow
    ("Parameter containing:\ntensor([[ 0.1000, -0.2000]], requires_grad=True)", [[0.1, -0.2]]),
    ("tensor([[0.5000, 1.0000],\n        [1.5000, 2.0000]], size=(2, 2), dtype=torch.qint8,\n       "
     "quantization_scheme=torch.per_tensor_affine, scale=0.5, zero_point=0)", [[0.5, 1], [1.5, 2]]),
    ("tensor([[0.5, 1.]], size=(1, 2), dtype=torch.qint8,\n       quantization_scheme=torch.per_channel_affine,\n"
     "       scale=tensor([0.5000, 0.2500], dtype=torch.float64),\n       zero_point=tensor([0, 0]), axis=1)", [[0.5,
     1]]),
    ("tensor([1.0000e-03, 2.5000e+02], device='cuda:0', dtype=torch.float16, grad_fn=<MulBackward0>)", [[1e-3, 250]]),
    ("OrderedDict([('weight', tensor([[1., 2.]]))])", [[1, 2]]),  # before Python 3.12
    (" 1  2\n 3  4\n[ CPUFloatType{2,2} ]", [[1, 2], [3, 4]]),  # libtorch
    ("\n 1  2\n 3  4\n[torch.FloatTensor of size 2x2]\n", [[1, 2], [3, 4]]), ("1 2\n<NDArray 2 @cpu(0)>", [[1, 2]]),
    ("array('f', [0.5, -2.0])", [[0.5, -2]]), ("array('b', [1, -2])", [[1, -2]]),
    ("[Decimal('0.5'), Decimal('-1')]", [[0.5, -1]]), ("deque([1.0, 2.0])", [[1, 2]]),
    ("unsigned char w[] = {\n  0x01, 0xff\n};\nunsigned int w_len = 2;\n", [[1, 255]]),  # xxd -i
    ("int8_t w[] = {(int8_t)1, (int8_t)-2, INT8_C(3)};", [[1, -2, 3]]), ("{(unsigned char) 7, (float).5}", [[7, 0.5]]),
    ("tensor(0.5000, grad_fn=<MeanBackward0>)", [[0.5]]), ("tensor([True, False])", [[1, 0]]),
    ("[tensor([1., 2.]), tensor([3., 4.])]", [[1, 2], [3, 4]]), ("[tensor(1.), tensor(2.)]", [[1, 2]]),
    ("OrderedDict({'weight': tensor([[1., 2.]], device='mps:0')})", [[1, 2]]),
    ("[np.float32(0.5), np.float32(-1.25)]", [[0.5, -1.25]]), ("np.float64(0.5)", [[0.5]]), ("np.True_", [[1]]),
    ("array([1., 2.], dtype='<f4')", [[1, 2]]), ("Out[3]: array([1, 2])", [[1, 2]]), ("array(0.5)", [[0.5]]),
    ("masked_array(data=[1, 2],\n             mask=False,\n       fill_value=999999)", [[1, 2]]),
    ("Array([[1., 2.]], dtype=float32)", [[1, 2]]), ("Array(0.5, dtype=float32, weak_type=True)", [[0.5]]),
    ("jnp.array([[1, 2], [3, 4]], jnp.int8)", [[1, 2], [3, 4]]),
    ("tf.Tensor([[1. 2.]\n [3. 4.]], shape=(2, 2), dtype=float32)", [[1, 2], [3, 4]]),
    ("tf.Tensor(0.5, shape=(), dtype=float32)", [[0.5]]),
    ("<tf.Tensor: shape=(2, 2), dtype=float32, numpy=\narray([[1., 2.],\n       [3., 4.]], dtype=float32)>",
     [[1, 2], [3, 4]]),
    ("<tf.Tensor: shape=(), dtype=float32, numpy=0.5>", [[0.5]]),
    ("<tf.Variable 'Variable:0' shape=(2,) dtype=float32, numpy=array([1., 2.], dtype=float32)>", [[1, 2]]),
]
PROGRAMMED = [  # C, C++, JavaScript, JSON, MATLAB, Python
    ("const int8_t w[] = {101, 49, 6, -34};", [[101, 49, 6, -34]]),
    ("const int8_t w[2][3] = {\n  {1, 2, 3}, // first\n  {4, 5, 6} /* second */\n};", [[1, 2, 3], [4, 5, 6]]),
    ("static const float w[] = {0x7f, -0x80, 1.5f, 1e-3F, 127u, .5f, 1.f, 2UL, 0b101,};",
     [[127, -128, 1.5, 1e-3, 127, 0.5, 1, 2, 5]]),
    ("static const uint8_t w[ROWS][COLS] PROGMEM = {{1, 2}, {3, 4}};", [[1, 2], [3, 4]]),
    ("#include <stdint.h>\n#define CONV1_WT {1, -2}", [[1, -2]]), ("{{1, 2}, {3, 4}}", [[1, 2], [3, 4]]),
    ("std::array<std::array<int8_t, 2>, 2> w{{{1, 2}, {3, 4}}};", [[1, 2], [3, 4]]),
    ("std::vector<float> w = {1.5f, 2};", [[1.5, 2]]), ("float w[2]{1, 2};", [[1, 2]]),
    ("Float32Array(3) [0.5, 1, -2]", [[0.5, 1, -2]]), ("Int8Array [ 1, 2 ]", [[1, 2]]),
    ("(3) [0.5, 1, -2]", [[0.5, 1, -2]]), ("let x = new Float32Array([1, 2.5]);", [[1, 2.5]]),
    ("[ Float32Array(2) [ 1, 2 ], Float32Array(2) [ 3, 4 ] ]", [[1, 2], [3, 4]]),
    ("Float32Array(2) [0.5, 1, buffer: ArrayBuffer(8), byteLength: 8, byteOffset: 0, length: 2, "
     "Symbol(Symbol.toStringTag): 'Float32Array']", [[0.5, 1]]),
    ('{"0":0.5,"1":1,"2":-2}', [[0.5, 1, -2]]), ('{"weight": [[1, 2], [3, 4]]}', [[1, 2], [3, 4]]),
    ("[5n, 6n]", [[5, 6]]), ("Tensor\n    [[1, 2],\n     [3, 4]]", [[1, 2], [3, 4]]),
    ("[1 2; 3 4]", [[1, 2], [3, 4]]), ("w = [1,2;3,4];", [[1, 2], [3, 4]]),
    ("A =\n\n     1     2\n     3     4\n", [[1, 2], [3, 4]]), ("((1, 2), (3, 4))", [[1, 2], [3, 4]]),
    ("[1_000, True, false]", [[1000, 1, 0]]), ("['0.5', \"1\"]", [[0.5, 1]]), ("[1.0D+02]", [[100]]),
]
TABLES = [  # spreadsheets, Markdown, pandas
    ("0,5\t1,25\n2,0\t3,5", [[0.5, 1.25], [2, 3.5]]), ("0,5;1,25\n2;3,5", [[0.5, 1.25], [2, 3.5]]),
    ('"0,5";"1,25"\n"2,0";"3,5"', [[0.5, 1.25], [2, 3.5]]), ('"0,5","1,25"', [[0.5, 1.25]]),
    ("0,5;1;2,25", [[0.5, 1, 2.25]]), ("0,5 1\n2,25 3,5", [[0.5, 1], [2.25, 3.5]]),
    ("0.5;1.25\n2;3", [[0.5, 1.25], [2, 3]]), ("1 2;3 4\n5 6;7 8", [[1, 2], [3, 4], [5, 6], [7, 8]]),
    ('"0.5","1.25"\n"2","3"', [[0.5, 1.25], [2, 3]]), ("a,b\n1,-2", [[1, -2]]),
    ("a;b\n0,5;1,25\n2;3", [[0.5, 1.25], [2, 3]]),
    ("1, 2, 3,\n4, 5, 6,\n", [[1, 2, 3], [4, 5, 6]]), ("1,2,3\n4,5,6", [[1, 2, 3], [4, 5, 6]]),
    ("0, 5 1, 25", [[0, 5, 1, 25]]), ("1.5,200", [[1.5, 200]]), ("1;2;3", [[1], [2], [3]]),
    ("\ufeff0.5\u00a01.25\u2009–3\u202f−4", [[0.5, 1.25, -3, -4]]),
    ("# a comment\n1 2 # and one more\n3 4", [[1, 2], [3, 4]]),
    ("| a | b |\n|---|:-:|\n| 0,5 | 2 |\n| 1 | 3 |", [[0.5, 2], [1, 3]]),
    ("|    |   a |   b |\n|---:|----:|----:|\n|  0 | 0.5 | 1.2 |\n|  1 | 2   | 3   |", [[0.5, 1.2], [2, 3]]),
    ("     a    b\n0  0.5  1.0\n1  2.0  3.5", [[0.5, 1], [2, 3.5]]),
    ("     0    1\n0  0.5  1.0\n1  2.0  3.5", [[0.5, 1], [2, 3.5]]),
    ("0    0.50\n1    1.25\nName: a, dtype: float64", [[0.5, 1.25]]),
]


@pytest.mark.parametrize("text, rows", PRINTED + PROGRAMMED + TABLES)
def test_what_programs_print_and_spreadsheets_copy(text, rows):
    np.testing.assert_array_equal(tensors.parse(text), np.array(rows, np.float32))
    np.testing.assert_array_equal(tensors.parse(text.replace("\n", "\r\n")), np.array(rows, np.float32))


@pytest.mark.parametrize("shape", [(1, 1), (3, 40), (5, 7), (2, 3, 4), (2, 1, 2, 3)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int8, np.uint8, np.bool_])
def test_numpy_json_and_lists_come_back(shape, dtype):
    x = (np.random.default_rng(0).standard_normal(shape) * 50).astype(dtype)
    expected = x.reshape(-1, shape[-1]).astype(np.float32)
    with np.printoptions(precision=17, threshold=10**6):
        for text in (repr(x), str(x), json.dumps(x.tolist()), str(x.tolist()), repr(list(x)), repr(tuple(x))):
            found = read(text)
            np.testing.assert_array_equal(found.values, expected, text)
            assert len(found.notes) == (len(shape) > 2)


@pytest.mark.parametrize("text, note", [
    ("0,5\t1,25", "Commas were read as decimal commas: 0,5 is 0.5"), ("a b\n1 2", "“a b”, was read as a heading"),
    ("1;2\n3;4", "Semicolons were read as separators of cells"), ("|a|\n|-|\n|1|", "“a”, was left out"),
    ("  a\n0 5\n1 6", "left out as the labels of the rows"),
    ("[[[1, 2], [3, 4]], [[5, 6], [7, 8]]]", "shape 2 × 2 × 2; its rows are stacked into a tensor of 4 × 2"),
])
def test_notes_report_what_was_inferred(text, note):
    assert any(note in each for each in read(text).notes)


@pytest.mark.parametrize("text, readings", [
    ("1,1;2,2;3,3;4,1", ("1 and 1", "1.1", "8 numbers or 4", "“1, 1”")), ("0,5 1,25",
    ("0 and 5", "0.5", "4 numbers or 2")),
    ("0,5", ("0 and 5", "0.5")), ("1,2\n3,4", ("1 and 2", "1.2")), ("0,5, 1,25", ("0 and 5", "0.5")),
    ("[0,5 1,25]", ("0 and 5", "0.5")), ("1,234.5 2,345.6", ("1234.5", "1 and 234.5")), ("1,234",
    ("1234", "1 and 234", "1.234")),
    ("1,234\t5,678", ("1234", "1.234")), ("1.234,5", ("1234.5", "1.234 and 5")), ("100,200,300", ("100200300",)),
    ("1.234,5\t2,5", ("1234.5", "1.234 and 5")), ("2,5;1.234,5\n0,5;7", ("1234.5", "1.234 and 5")),
    ("1\u00a0234", ("1234", "or several")), ("1\u202f234,5", ("1234.5",)), ("1'234", ("1234",)),
    ("10 000 20 000", ("10000", "or several")), ("1 234,5\t2", ("1234.5",)), ("2\t1 234", ("1234",)),
    ('"1,234"', ("1234",)),
])
def test_an_ambiguous_text_is_an_error_that_names_both_readings(text, readings):
    with pytest.raises(tensors.NumbersError) as error:
        tensors.parse(text)
    for reading in readings:
        assert reading in f"{error.value}; {error.value.hint}"


@pytest.mark.parametrize("text, message", [
    ("tensor([0., 1., ..., 9.])", "left out"), ("Float32Array(1000) [0.5, … 900 more items]", "left out"),
    ("[1+2j, 3]", "complex"), ("array([1.+2.j])", "complex"),
    ("masked_array(data=[1, --], mask=[False, True])", "masked"),
    ("[null, 1]", "missing"), ("[1 None]", "missing"), ("1.234.567", "thousands"), ("np.zeros((3, 4))", "np.zeros"),
    ("{010, 2}", "octal"), ("tensor(indices=tensor([[0, 1]]), values=tensor([1., 2.]), size=(2,), nnz=2)", "sparse"),
    ("tensor([1., 2.])\ntensor([3., 4.])", "2 arrays"), ('{"a": [1], "b": [2]}', "2 arrays: a, b"),
    ("int8_t w[] = {1, 2}; int8_t v[] = {3};", "more than one ="), ("a = [1, 2]\nb = [3, 4]", "more than one ="),
    ("Float32Array(5) [1, 2]", "says 5"), ("(2) [Array(2), Array(2)]", "Array"),
    ("[[1, 2], [[3, 4]]]", "nested evenly"),
    ("tensor(crow_indices=tensor([0, 1]), col_indices=tensor([0]), values=tensor([1.]), size=(1, 2), nnz=1)", "sparse"),
    ("1\t\t3\n4\t5\t", "line 1 has an empty cell"), ("1,5;2,5;\n4,5;;5,5", "line 2 has an empty cell"),
    ("x\ty\tz\n1\t\t3", "line 2 has an empty cell"),
    ("1,,3", "empty cell"), ("[0.5, , 1]", "nothing between the commas"), ("[, 1]", "nothing between the commas"),
    ("(1.5)", "parentheses"),
    ("<tf.Tensor 'x:0' shape=(2,) dtype=float32>", "tf.Tensor"), ("torch.tensor([1, 2]).half()", "half"),
    ("/* 1 2", "does not end"), ("1e999", "too large"), ("0x" + "f" * 9000, "too large"),
    ("1.0e+03 *\n\n 1 2", r"“\*”"), ("0.01 *\n 1  2\n[ CPUFloatType{1,2} ]", r"“\*”"),
    ("1.#INF 2", "1.#INF"), ("[0.5, 1.#QNAN]", "1.#QNAN"), ("OrderedDict([('a', [1]), ('b', [2])])", "2 arrays: a, b"),
    ("tensor([], size=(0, 3))", "no number"), ("(" + "9" * 9000 + ") [1]", "says 9"),
], ids=repr_of)
def test_the_error_names_what_cannot_be_a_tensor(text, message):
    with pytest.raises(tensors.NumbersError, match=message) as error:
        tensors.parse(text)
    assert error.value.hint and len(str(error.value)) < 200


HOSTILE = ("[", "]", "[[1],", "(", "{", "<a:", '"', "'", "/*", "//", "#", ",", ", ", " ,", ";", "1,1", "1 ,", "-",
           "0x", "a=", "a:", "|", "|-\n", "1'", "\u00a0", "1\u00a0", "((", "<", ">", "=", "1e", "t(", "\n[", "\n[1",
           ";int ", "(int)", "('a',[1])", "\n<NDArray ", "1",
           "\t#", "#A", "\ufeff", "\n% 1")


@pytest.mark.parametrize("unit", HOSTILE)
@pytest.mark.in_pyodide(3, "Python's own text handling is the same there")
def test_a_hostile_text_is_read_in_linear_time(unit):
    """A parser that tries again from every place would need hours for some of these."""
    many = unit * (30_000 // len(unit))
    for text in (many + "\nx 1", f"1 x {many} x", "[" * 5000 + unit + "]" * 5000):
        with pytest.raises(tensors.NumbersError):
            tensors.parse(text)


@pytest.mark.parametrize("text", ["\t1\t2\t\n\t3\t4\t", "1\t\t2\n3\t\t4", "\ta\tb\nx\t1\t2\ny\t3\t4",
                                  "\t0\t1\n0\t1\t2\n1\t3\t4", "1,0;;2,0;\n3,0;;4,0;"])
def test_cells_that_are_empty_in_every_line_only_leave_room(text):
    assert read(text).values.tolist() == [[1, 2], [3, 4]]
