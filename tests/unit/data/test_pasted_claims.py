"""Pasted numbers that could be read wrongly without a word: they are read right, or refused with a reason."""

import numpy as np
import pytest

from pyapp.data.pasted import NumbersError, read


def refused(text: str, message: str) -> None:
    with pytest.raises(NumbersError, match=message) as error:
        read(text)
    assert error.value.hint and len(str(error.value)) < 200


@pytest.mark.parametrize("text, message", [
    ("-np.array([1,2])", "neither"), ("0.5*np.array([1,2])", "neither"), ("x = 2-torch.tensor([1., 2.])", "neither"),
    ("-np.float32(1)", "neither"), ("np.array([1, 2]*-1)", r"“\*-1” stands after"), ("np.array([1, 2]/s)", "“/s”"),
    ("-np.Tensor [1, 2]", "outside"), ("x -= np.array([1, 2])", "changes"), ("x *= [1, 2]", "changes"),
    ("np.array([1, 2])/255", "outside"),
])
def test_arithmetic_is_never_dropped(text, message):
    refused(text, message)


@pytest.mark.parametrize("text, message", [
    ("1\t2\t#N/A\n3\t4\t#N/A", "missing: the text has the cell “#N/A”"), ("1\t#REF!\t3\n4\t#REF!\t6", "#REF!"),
    ("#DIV/0!\t1\n2\t3", "#DIV/0!"), ("1\n#VALUE!\n2", "#VALUE!"), ("1\t#VALEUR!\n2\t3", "#VALEUR!"),
    ("1\t#NV\n2\t3", "#NV"), ("1\t#####\t3\n4\t####\t6", "####"), ("1//2 3//4\n5//6 7//8", "“1//2” is a fraction"),
    ("%%MatrixMarket matrix coordinate real general\n2 2 2\n1 1 0.5\n2 2 1.5", "MatrixMarket"),
])
def test_a_value_is_no_comment(text, message):
    refused(text, message)


@pytest.mark.parametrize("text, rows, note", [
    ("1 2 # 3\n4 5", [[1, 2], [4, 5]], "“# 3” was left out"), ("[1, 2, // 3,\n 4]", [[1, 2, 4]], "“// 3,” was"),
    ("{1, /* 2, */ 3}", [[1, 3]], "“/* 2, */” was"), ("% 7 8\n1 2", [[1, 2]], "“% 7 8” was"),
])
def test_a_comment_with_numbers_is_noted(text, rows, note):
    assert read(text).values.tolist() == rows
    assert note in read(text).notes[0]
    assert read("1 2 # first\n3 4").notes == []


@pytest.mark.parametrize("text, message", [
    ("1,5\t2.5\n3,5\t4", "“1,5” can be two numbers"), ("1,5;2.5\n3,5;4", "“1,5” can be"),
    ("1\t,5\n2\t,5", "empty cell"),
    ("1\x002", r"U\+0000"), ("1\x1f2", r"U\+001F"), ("1\ufeff2", r"U\+FEFF"), ("1\u200b2", r"U\+200B"),
    ("[1.\u20605]", r"U\+2060"),
])
def test_commas_in_cells_and_hidden_characters_are_asked_about(text, message):
    refused(text, message)


def test_hidden_characters_between_numbers_and_colours_are_left_out():
    assert read("\u200b1\u200b \ufeff-\u200b2\u2060").values.tolist() == [[1, -2]]
    assert read("\x1b[31m1\x1b[0m 2\n\x1b[1;32m3\x1b[m 4").values.tolist() == [[1, 2], [3, 4]]
    assert read("\x1b[36m[\x1b[0m1, \x1b[31m-2\x1b[0m]").values.tolist() == [[1, -2]]


@pytest.mark.parametrize("text, message", [
    ("masked_array(data=[1.0,2.0,3.0], mask=[False,True,False], fill_value=1e20)", "masked"),
    ("masked_array(data=[1, 2], mask=True)", "masked"),
    ("array([0.,1.,2.], shape=(1000,), dtype=float32)", "shape is 1000, but 3"),
    ("tensor([1.,2.], size=(4,))", "shape is 4"),
    ("Tensor(shape=[4], dtype=float32, place=Place(cpu), [1.,2.])", "is 4"),
    ("<tf.Tensor: shape=(4,), dtype=float32, numpy=array([1.,2.], dtype=float32)>", "shape is 4"),
    ("tf.Tensor([1. 2.], shape=(2, 1), dtype=float32)", "shape is 2 × 1"),
    ("float w[4] = {1.0f, 2.0f};", "shape is 4, but 2"), ("float w[2] = {1,2,3}", "shape is 2"),
    ("int w[3] = {0};", "shape is 3"), ("int8_t w[2][3] = {1,2,3,4,5};", "shape is 2 × 3"),
    ("float w[4]{1, 2};", "is 4"),
    ("int8_t w[] = {-128,127,(int8_t)0x80}", "0x80 does not fit into int8_t"), ("int8_t w[] = {0xff,1}", "0xff"),
    ("{(uint8_t)-1}", "-1 does not fit into uint8_t"), ("{(int)1.9}", "1.9"), ("unsigned char w[] = {1, 256}", "256"),
    ("new Int8Array([200,300])", "200"), ("new Uint8Array([-1,1.5])", "-1"), ("array('b', [1, 200])", "200"),
    ("np.array([1.7,2.9], dtype=np.int8)", "1.7"), ("np.array([1, 300], np.uint8)", "300"),
    ("np.array([1, 300], dtype='<u1')", "300"), ("np.int8(200)", "200"), ("np.array([2], dtype=bool)", "2 does not"),
])
def test_numbers_that_are_not_what_the_text_says_are_refused(text, message):
    refused(text, message)


@pytest.mark.parametrize("text, rows", [
    ("int8_t w[2][3] = {1,2,3,4,5,6};", [[1, 2, 3], [4, 5, 6]]), ("int w[][2] = {1,2,3,4};", [[1, 2], [3, 4]]),
    ("unsigned char w[2] = {(uint8_t)0x80, 255};", [[128, 255]]), ("char w[] = {-128, 255};", [[-128, 255]]),
    ("masked_array(data=[1, 2], mask=[False, False])", [[1, 2]]), ("np.array([1.5], dtype=np.float16)", [[1.5]]),
    ("torch.tensor([-128, 127], dtype=torch.int8)", [[-128, 127]]), ("array(1, shape=(), dtype=int8)", [[1]]),
    ("new Uint8ClampedArray([0, 255])", [[0, 255]]), ("unsigned w[2] = {0, 4000000000};", [[0, 4e9]]),
    ("float b[2] = {0.5, 1};", [[0.5, 1]]), ("double i1[] = {0.5};", [[0.5]]), ("np.array([3e9], dtype=int)", [[3e9]]),
    ("int[] w = new int[]{1, 2};", [[1, 2]]), ("w := [2]int8{1, 2}", [[1, 2]]),
    ("array([ True, False], dtype=bool)", [[1, 0]]), ("float w[2] = {(float)1.5, -(int)2};", [[1.5, -2]]),
])
def test_numbers_that_are_what_the_text_says_are_read(text, rows):
    assert read(text).values.tolist() == rows


@pytest.mark.parametrize("text, rows", [
    ("  x   y\n1 1 0.5\n2 2 0.7", [[1, 0.5], [2, 0.7]]), ('"","x","y"\n"1",1,0.5\n"2",2,0.7', [[1, 0.5], [2, 0.7]]),
    ("     a    b\n3  1.5  2.5\n7  3.5  4.5", [[1.5, 2.5], [3.5, 4.5]]), ("     a\n3  1.5\n7  3.5", [[1.5], [3.5]]),
    ('"",a,b\n0,1,2\n1,3,4', [[1, 2], [3, 4]]), (",a,b\n3,1,2\n7,3,4", [[1, 2], [3, 4]]),
    ("\ta\tb\nx\t1\t2\ny\t3\t4", [[1, 2], [3, 4]]), ("     0    1\n3  1.5  2.5\n7  3.5  4.5", [[1.5, 2.5], [3.5, 4.5]]),
])
def test_labels_of_rows_are_left_out(text, rows):
    found = read(text)
    np.testing.assert_array_equal(found.values, np.array(rows, np.float32))
    assert any("left out as the labels" in note for note in found.notes)


def test_a_title_above_numbers_labels_nothing():
    assert read("weights\n1 2\n3 4").values.tolist() == read(" w =\n  1 2\n  3 4").values.tolist() == [[1, 2], [3, 4]]
    assert read("1. 2.\n2. 3.").values.tolist() == [[1, 2], [2, 3]]


@pytest.mark.parametrize("text, message", [
    ("my weights\n4 2 3\n4 5 6", "can be a label"), ("1. 0.5\n2. 1.5", "numbered"),
    ("[0.0; 5]", "5 times 0.0, as in Rust"), ("let w = vec![0.0; 5];", "as in Rust"),
])
def test_labels_and_repeats_are_asked_about(text, message):
    refused(text, message)


@pytest.mark.parametrize("text, hint", [
    ("[1] 1 2 3", "in R"), ("     [,1] [,2]\n[1,]    1    3\n[2,]    2    4", "in R"), ("c(0.5, 1)", "in R"),
    ("2×3 Matrix{Float64}:\n 1.0 2.0 3.0\n 4.0 5.0 6.0", "in Julia"), ("Float32[0.5, 1.0]", "in Julia"),
    ("   1.0e+03 *\n\n 1 2", "common factor"), ("  Columns 1 through 3\n\n 1 2 3", "and whole"),
])
def test_a_refused_text_is_told_how_to_print_it(text, hint):
    with pytest.raises(NumbersError) as error:
        read(text)
    assert hint in error.value.hint


def test_hexadecimal_floats_of_c_may_have_a_suffix():
    assert read("{0x1p-3f, 0x1.8p+1, 0x1P2L}").values.tolist() == [[0.125, 3, 4]]
