"""What a closed bracket in a pasted text means: rows of numbers, or something else.

A dtype, a device, a gradient function or the sizes of a C array are kept as items too. They are refused only where
numbers are needed.
"""

import re
from dataclasses import dataclass, field
from itertools import pairwise

from pyapp.data.claims import check_shape, check_type, type_of_code
from pyapp.data.numerals import WRITE, NumbersError, is_number

Word = str
ARRAY = re.compile(r"(?:as_?)?(?:array|tensor)|[A-Z]\w*Tensor|Tensor|Parameter|(?:Device)?Array(?:Impl)?|NDArray|matrix"
                   r"|[Mm]asked_?[Aa]rray|Variable|constant|list|tuple|dict|OrderedDict|vec!|deque"
                   r"|(?:Big)?(?:Float|Ui?nt|Int)\d+(?:Clamped)?Array")
SCALAR = re.compile(r"b?float\d*_?|u?int\d*|u?intc|half|single|double|(?:long|u?byte|u?short|longdouble)|bool_?"
                    r"|Decimal|U?INT\d+_C")
JAVASCRIPT = re.compile(r"(?:\w+\d+(?:Clamped)?)?Array")  # prints its length: Float32Array(3) [0.5, 1, -2]
TYPECODES = set("bBhHiIlLqQfd")  # of Python's array('f', [0.5, 1.0])
CALLABLE = re.compile(r"[A-Za-z_][\w.]*!?")  # np.array, and not -np.array or 0.5*np.array
SYMBOL = "Symbol(...)"
PROPERTIES = {"buffer", "byteLength", "byteOffset", "length", SYMBOL}  # of an array in a browser's console
DATA = ("data", "numpy", "value", "initial_value", "object")  # keyword arguments that are the numbers
SEVERAL = "paste only one array"


@dataclass
class Rows:
    """Rows of words, in an array whose axes before the last one are `shape`; `named` if a call or a key made it."""

    rows: list[list[Word]]
    shape: tuple[int, ...] = ()
    named: bool = False
    bracket: str = "["

    @property
    def whole_shape(self) -> tuple[int, ...]:
        return *self.shape, len(self.rows[0])


@dataclass
class Scalar:
    """A word in quotes, or one that a call has wrapped, as np.float32(0.5)."""

    text: str


@dataclass
class Named:
    """A value with a name before it: dtype=float32, "weight": [...]."""

    name: str
    value: "Item"


@dataclass
class Length:
    """What JavaScript prints before an array: (3) or Float32Array(3)."""

    text: str


@dataclass
class Unusable:
    """An item that is an error where numbers are needed."""

    error: NumbersError


Item = Word | Scalar | Rows | Named | Length | Unusable


@dataclass
class Node:
    """An open bracket: what is before it, what is in it so far, where rows end, and how numbers are separated: "t"
    by a comma without a space, "," by one with a space, ";" by a semicolon, " " by a space."""

    bracket: str = ""
    head: str = ""
    items: list[Item] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    key: str | None = None
    commas: int = 0
    declared: list[Item] = field(default_factory=list)


def value(node: Node) -> Item:
    """What a bracket means once it is closed."""
    if node.bracket == "<":
        named = {item.name: item.value for item in node.items if isinstance(item, Named)}
        found = next((named[key] for key in DATA if key in named), None)
        if found is None:
            return unusable(f"“<{node.head}” is not a number", WRITE)
        error = _disagrees(found, named, "", [])
        return Unusable(error) if error else _named(found)
    if node.head:
        return _call(node)
    if node.bracket == "(" and len(node.items) == 1 and not node.commas and isinstance(node.items[0], Word):
        word = node.items[0]
        if word.isdecimal():
            return Length(f"({word})")
        if word[-1] not in "jJi":  # complex numbers have an error of their own
            return unusable(f"“({word[:40]})” has parentheses around a number",
                             "take them out, or write a minus sign if that is what they mean")
    return _list(node)


def _call(node: Node) -> Item:
    """tensor([...], dtype=...), np.float32(0.5), Float32Array(3): of the arguments only the numbers count."""
    name = last_name(node.head)
    named = {item.name: item.value for item in node.items if isinstance(item, Named)}
    given = [item for item in node.items if not isinstance(item, Named)]
    if not (ARRAY.fullmatch(name) or SCALAR.fullmatch(name)):
        return unusable(f"“{node.head[:40]}(” is neither a number nor a printed array", WRITE)
    if name == "array" and len(given) > 1 and isinstance(given[0], Scalar) and given[0].text in TYPECODES:
        named["dtype"] = given.pop(0)
    if any(key.endswith("indices") for key in named):
        return unusable("the tensor is sparse", "print it after x.to_dense()")
    given += [named[key] for key in DATA if key in named]
    if not given:
        return unusable(f"“{node.head[:40]}(” has no numbers in it", WRITE)
    value, *more = given
    types = [type_of_code(item.text) if isinstance(item, Scalar) else item for item in [*more, named.get("dtype")]
             if isinstance(item, (Word, Scalar))]
    if error := _disagrees(value, named, name, types):
        return Unusable(error)
    if any(not isinstance(item, Word) or is_number(item) for item in more):
        return unusable(f"“{node.head[:40]}(” has more than one array or number in it", SEVERAL)
    if found := next((item for item in more if not CALLABLE.fullmatch(item)), ""):
        return unusable(f"“{found[:40]}” stands after the array in “{node.head[:40]}(”", "paste the result of it")
    if isinstance(value, Word) and not named and JAVASCRIPT.fullmatch(name) and value.isdecimal():
        return Length(f"{node.head}({value})")
    return _named(value)


def _disagrees(value: Item, named: dict[str, Item], name: str, types: list[Word]) -> NumbersError | None:
    """The error if a mask hides some of the numbers, or a shape, a size or a type does not agree with them."""
    words = [word for row in value.rows for word in row] if isinstance(value, Rows) else \
        [value.text if isinstance(value, Scalar) else value] if isinstance(value, (Word, Scalar)) else []
    mask = named.get("mask", "False")
    if any(word != "False" for row in (mask.rows if isinstance(mask, Rows) else [[mask]]) for word in row):
        return NumbersError("some of the numbers are masked", "fill them before printing, for example x.filled(0)")
    shape = next((named[key] for key in ("shape", "size") if isinstance(named.get(key), Rows)), None)
    sizes = [size for row in shape.rows for size in row] if shape else []
    try:
        check_type(words, types or [name])
        if shape and words and all(size.isdecimal() for size in sizes):
            check_shape(list(map(int, sizes)), value.whole_shape if isinstance(value, Rows) else ())
    except NumbersError as error:
        return error
    return None


def last_name(head: Word) -> str:
    """array of np.array; empty if the word is more than a name, as -np.array and 0.5*np.array are."""
    return head.rpartition(".")[2] if CALLABLE.fullmatch(head) else ""


def _named(value: Item) -> Item:
    """The value of a call or a key, which is a tensor even when it is a single number."""
    if isinstance(value, Rows):
        value.named = True
    return Scalar(value) if isinstance(value, Word) else value


def _list(node: Node) -> Item:
    """Numbers side by side are a row; brackets side by side are the rows."""
    items = [item for item in node.items if not (isinstance(item, Named) and item.name in PROPERTIES)]
    if node.bracket == "(" and [type(item) for item in items] == [Scalar, Rows]:  # OrderedDict([('weight', [...])])
        return Named(items[0].text, items[1])
    names = [item.name for item in items if isinstance(item, Named)]
    pairs = node.bracket == "[" and all(isinstance(item, Named) and isinstance(item.value, Rows) for item in items)
    if names and (len(names) < len(items) or not (pairs or node.bracket == "{")):
        return unusable(f"“{names[0][:40]}” stands before a value", "paste the numbers without names")
    if names and names != [str(i) for i in range(len(names))]:
        if len(names) > 1:
            return unusable(f"the text has {len(names)} arrays: {', '.join(names)[:60]}", SEVERAL)
        return _named(items[0].value)
    items = [item.value if isinstance(item, Named) else item for item in items]
    for item in items:
        if isinstance(item, Length):
            return unusable(f"“{item.text[:40]}” is not a number", "print the numbers themselves, for example with "
                                                               "JSON.stringify")
        if isinstance(item, Unusable):
            return item
    arrays = [item for item in items if isinstance(item, Rows)]
    if arrays:
        return stacked(items, arrays, node.bracket)
    words = [item.text if isinstance(item, Scalar) else item for item in items]
    if problem := _problem(node, words):
        return Unusable(problem)
    ends = [0, *node.ends, len(words)]
    rows = [words[start:stop] for start, stop in pairwise(ends) if stop > start] or [[]]
    return Rows(rows, (len(rows),) if len(rows) > 1 else (), bracket=node.bracket)


def _problem(node: Node, words: list[Word]) -> NumbersError | None:
    """The error of an ambiguous row of words, if any: C octal numbers, repeats, or commas that may be decimal."""
    if node.bracket == "{":
        for word in words:
            if re.fullmatch(r"[+-]?0\d+", word):
                return NumbersError(f"“{word[:40]}” is an octal number in C", "write it without the leading zero")
    if node.bracket == "[" and len(words) == 2 and node.ends == [1] and words[1].isdecimal():
        value, count = words
        return NumbersError(f"“[{value[:40]}; {count[:40]}]” can be {count[:40]} times {value[:40]}, as in Rust, or a "
                            "column of two, as in MATLAB", "write them all with commas, or a column without brackets")
    if re.fullmatch(r"t(?: t)+", "".join(node.gaps)) and all(word.lstrip("+-").isdecimal() for word in words):
        one, two = words[:2]
        return NumbersError(f"“{one},{two}” can be two numbers, {one} and {two}, or one with a decimal comma, "
                            f"{one}.{two}",
                            f"write “{one}, {two}” with a space after the comma for two, “{one}.{two}” for one")
    return None


def stacked(items: list[Item], arrays: list[Rows], bracket: str) -> Rows | Unusable:
    """Arrays of one shape, on top of each other."""
    for item in items:
        if not isinstance(item, Rows):
            shown = item.text if isinstance(item, Scalar) else item
            return unusable(f"“{str(shown)[:40]}” stands between the rows' brackets", "put every number into a row")
    first = arrays[0]
    if any(other.shape != first.shape for other in arrays):
        return unusable("the brackets are not nested evenly", "put rows of numbers into one bracket")
    first.shape = (len(arrays), *first.shape)
    for other in arrays[1:]:
        first.rows += other.rows
    first.bracket = bracket
    return first


def unusable(message: str, hint: str) -> Unusable:
    return Unusable(NumbersError(message, hint))
