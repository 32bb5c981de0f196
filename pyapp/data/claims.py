"""What a pasted text says of its own numbers, checked against them: a type, a shape, the sizes of a declaration."""

import math
import re

from pyapp.data.numerals import NumbersError, number

# int8, torch.uint8, int8_t, Int8Array, INT8_C; not qint8, whose tensors print what the codes stand for
INTEGER = re.compile(r"(?:big)?(u?)int(\d*)(?:_t|(?:clamped)?array|_c)?", re.IGNORECASE)
CODES = {"b": "int8", "B": "uint8", "h": "int16", "H": "uint16", "i": "int32", "I": "uint32", "l": "int64",
         "L": "uint64", "q": "int64", "Q": "uint64", "?": "bool"}  # of Python's array, and of NumPy
C_BITS = {"char": 8, "short": 16, "long": 64, "int": 32, "q7_t": 8, "q15_t": 16, "q31_t": 32}


def limits(words: list[str]) -> tuple[int, int] | None:
    """The lowest and the highest value of the integer type that the words of a declaration or a dtype name, if any:
    ["const", "unsigned", "char"], ["np.int8"]. A plain char may be signed or not, -128 to 255; int alone is taken for
    Python's, with 64 bits."""
    last = [word.rpartition(".")[2] for word in words]
    if "unsigned" in last or "signed" in last or set(last) & C_BITS.keys():
        bits = 64 if last == ["int"] else next((size for name, size in C_BITS.items() if name in last), 32)
        lowest = 0 if "unsigned" in last else -2 ** (bits - 1)
        highest = 2 ** bits if lowest == 0 or (last.count("char") and "signed" not in last) else 2 ** (bits - 1)
        return (lowest, highest - 1) if not {"double", "float"} & set(last) else None
    for word in last:
        if word in ("bool", "bool_"):
            return 0, 1
        if found := INTEGER.fullmatch(word):
            bits = int(found[2] or 64)
            return (0, 2 ** bits - 1) if found[1] else (-2 ** (bits - 1), 2 ** (bits - 1) - 1)
    return None


def type_of_code(code: str) -> str:
    """The type of a code in quotes: "<i2" is int16, "b" is int8."""
    found = re.fullmatch(r"[<>=|]?([iu])([1248])", code)
    return f"{'u' * (found[1] == 'u')}int{8 * int(found[2])}" if found else CODES.get(code, code)


def check_type(words: list[str], type_words: list[str]) -> None:
    """NumbersError if a number does not belong to the integer type: outside its limits, or not whole. What is not a
    number at all has an error elsewhere."""
    between = limits(type_words) if type_words else None
    for word in words if between else []:
        try:
            value = number(word, 1)
        except NumbersError:
            continue
        if not between[0] <= value <= between[1] or value % 1:
            raise NumbersError(f"{word[:40]} does not fit into {' '.join(type_words)[:40]}, which holds whole numbers "
                               f"from {between[0]} to {between[1]}", "write the number that it becomes there")


def check_shape(said: list[int | None], found: tuple[int, ...], *, flat: bool = False) -> tuple[int, ...]:
    """The shape that the text gives its numbers, where None is a size that it leaves open. With `flat`, as in C, one
    bracket may hold all numbers of a matrix. NumbersError if other numbers are there."""
    if len(said) == len(found) and all(size in (None, there) for size, there in zip(said, found, strict=True)):
        return found
    if flat and len(found) == 1 and None not in said[1:]:
        inner = math.prod(said[1:])
        if inner and found[0] % inner == 0 and said[0] in (None, found[0] // inner):
            return found[0] // inner, *said[1:]
    written = " × ".join("?" if size is None else str(size) for size in said)[:40] or "one number"
    raise NumbersError(f"the text says that its shape is {written}, but {' × '.join(map(str, found)) or 'one number'} "
                       "numbers are there", "paste all of the numbers, and no others")
