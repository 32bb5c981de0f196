"""Numbers in brackets, as programs print and declare them: [[1, 2], [3, 4]], tensor([1.]), {1.5f, 0x7f}, [1 2; 3 4].

One pass over the tokens builds a tree, with a stack instead of recursion.
"""

import re

from pyapp.data.brackets import (
    ARRAY,
    SEVERAL,
    SYMBOL,
    Item,
    Length,
    Named,
    Node,
    Rows,
    Scalar,
    Unusable,
    Word,
    last_name,
    stacked,
    unusable,
    value,
)
from pyapp.data.claims import check_shape, check_type
from pyapp.data.numerals import WRITE, NumbersError

DEEPEST = 64  # brackets in brackets; NumPy has at most 64 axes
TOKEN = re.compile(r"""(?P<space>\s+)|(?P<open>[\[({]|<[\w.]*:?)|(?P<close>[\])}>])|(?P<mark>[,;=:])
    |(?P<quoted>"[^"\n]*"|'[^'\n]*')|(?P<word>[^\s\[\](){}<>,;=:"']+)|(?P<other>.)""", re.VERBOSE)
PAIRS = {"[": "]", "(": ")", "{": "}", "<": ">"}
DECLARES = re.compile(r"(?:static|const|constexpr|unsigned|signed|int|float|double|char|short|long|auto|inline|new|std"
                      r"|u?int(?:_fast|_least)?\d+(?:_t)?|float\d+(?:_t)?|q(?:7|15|31)_t)")


def bracketed(text: str) -> tuple[list[list[Word]], list[str]]:
    """The rows of words in a text with brackets, and notes. NumbersError says what cannot be numbers."""
    tree = _tree(text)
    found = _whole(tree.items)
    _check_declared(tree.declared, tree.items[:-1], found)
    shape = found.whole_shape
    if len(shape) < 3:
        return found.rows, []
    return found.rows, [f"The array has the shape {' × '.join(map(str, shape))}; its rows are stacked into a tensor "
                        f"of {len(found.rows)} × {shape[-1]}."]


def _check_declared(declared: list[Item], before: list[Item], found: Rows) -> None:
    """Give a braced initialiser the shape that its declaration names, as int8_t w[2][3]. NumbersError if it has fewer
    or more numbers, or if one does not fit into the declared type."""
    if found.bracket != "{" or found.named:
        return
    check_type([word for row in found.rows for word in row],
               [item for item in [*declared, *before] if isinstance(item, Word)])
    brackets = [[item for item in items if isinstance(item, Rows)] for items in (before, declared)]
    sizes = [item.rows[0][0] if item.rows[0] else "" for item in brackets[0] or brackets[1]]
    if sizes and found.rows[0]:
        said = [int(size, 0) if re.fullmatch(r"[1-9]\d*|0x[0-9a-fA-F]+", size) else None for size in sizes]
        *_, last = shape = check_shape(said, found.whole_shape, flat=True)
        if shape != found.whole_shape:
            numbers = found.rows[0]
            found.rows = [numbers[start:start + last] for start in range(0, len(numbers), last)]
            found.shape = shape[:-1]


def _tree(text: str) -> Node:
    """The node outside all brackets; each bracket in it is one item."""
    stack, before, gap = [Node()], "", ""
    for token in TOKEN.finditer(text):
        kind, piece, node = token.lastgroup, token[0], stack[-1]
        if kind == "space":
            gap += " "
        elif kind == "mark" and piece == ",":
            node.commas += 1
            gap += ","
        elif kind == "mark":
            _mark(node, piece)
            gap = piece
        elif kind == "open":
            stack.append(_opened(node, piece, before == "word"))
            if len(stack) > DEEPEST + 1:
                raise NumbersError(f"the brackets are more than {DEEPEST} deep", "use a matrix: rows in brackets")
            gap = ""
        elif kind == "close" and piece == ">" and node.bracket != "<":
            node.items.append(piece)
        elif kind == "close":
            if PAIRS.get(node.bracket) != piece:
                raise NumbersError("the brackets do not match", "close every bracket, or leave them out")
            stack.pop()
            _add(stack[-1], value(node))
            gap = ""
        else:
            if node.bracket != "<" and gap.count(",") > bool(node.items):
                raise NumbersError(f"a number is missing before “{piece[:40]}”: there is nothing between the commas",
                                   "write one there")
            if node.items:
                node.gaps.append("t" if gap == "," else gap.strip() or " ")
            _add(node, Scalar(piece[1:-1].strip()) if kind == "quoted" else piece)
            gap = ""
        before = kind
    if len(stack) > 1:
        raise NumbersError("the brackets do not match", "close every bracket, or leave them out")
    return stack[0]


def _opened(node: Node, piece: str, call: bool) -> Node:
    """The node of a bracket; a word right before ( is taken out of the node around it, as the name of a call."""
    if piece != "(" or not call or not node.items:
        return Node(piece[0], piece[1:].rstrip(":"))
    head = node.items.pop()
    if isinstance(head, Named):
        node.key, head = head.name, head.value
    return Node(piece, str(head))


def _mark(node: Node, sign: str) -> None:
    if sign == ";":
        node.ends.append(len(node.items))
    elif not node.bracket and sign == "=":  # what stands before it is a declaration: const int8_t w[2][3]
        if node.key is not None:
            raise NumbersError("the text has more than one = outside its brackets", SEVERAL)
        if node.items and isinstance(node.items[-1], Word) and node.items[-1][-1] in "+-*/%@&|^~!":
            raise NumbersError(f"“{node.items[-1][-40:]}=” changes what is there before", "paste the result of it")
        node.items, node.declared, node.key = [], node.items, ""
    elif node.bracket and node.items and isinstance(node.items[-1], (Word, Scalar, Unusable)):
        last = node.items.pop()
        node.key = last if isinstance(last, Word) else getattr(last, "text", SYMBOL)
    else:
        node.items.append(sign)


def _add(node: Node, item: Item) -> None:
    """Put an item into a node, with the name that stands before it, if any."""
    if isinstance(item, Rows) and node.items:
        last = node.items[-1]
        if isinstance(last, Length) and item.bracket == "[":
            node.items.pop()
            said = last.text.rpartition("(")[2].rstrip(")")
            found = item.shape[0] if item.shape else len(item.rows[0])
            if said != str(found):
                item = unusable(f"{last.text[:40]} says {said[:20]} numbers or rows, but {found} are there",
                                "copy all of them")
        elif isinstance(last, Word) and (last == "new" or ARRAY.fullmatch(last_name(last))):
            node.items.pop()
    if node.bracket and node.key is not None:
        item, node.key = Named(node.key, item), None
    node.items.append(item)


def _whole(items: list[Item]) -> Rows:
    """The single array in the text. NumbersError if there is none, more than one, or something else."""
    for item in items:
        if isinstance(item, Unusable) and not (items[-1] is not item and _declared(items)):
            raise item.error
    arrays = [item for item in items if isinstance(item, Rows)]
    if len(items) == 1 and isinstance(items[0], Scalar):
        return Rows([[items[0].text]])
    if items and _declared(items):
        return items[-1]
    outside = [item.text if isinstance(item, (Scalar, Length)) else item
               for item in items if not isinstance(item, Rows)]
    if outside:
        raise NumbersError(f"“{' '.join(map(str, outside))[:40]}” stands outside the brackets", WRITE)
    if not arrays:
        raise NumbersError("there is no number in the text", WRITE)
    if len(arrays) > 1 and any(array.named for array in arrays):
        raise NumbersError(f"the text has {len(arrays)} arrays", SEVERAL)
    found = arrays[0] if len(arrays) == 1 else stacked(arrays, arrays, "[")
    if isinstance(found, Unusable):
        raise found.error
    return found


def _declared(items: list[Item]) -> bool:
    """Whether the last item is a braced initialiser right after a type, as in C++, Java or Go: float w[2]{1, 2}."""
    last, words = items[-1], [item for item in items if isinstance(item, Word)]
    return isinstance(last, Rows) and last.bracket == "{" and any(map(DECLARES.fullmatch, words))
