"""Reports integers of edited code that do not fit into 32 bits, with their line.

NumPy's default integer has 64 bits natively and 32 in the browser (WebAssembly is a 32-bit machine), where
np.arange(1, 100001).sum() silently gives 705082704. So the operations of a text that can overflow 32 bits go through
`Watch`: an int32 or uint32 result is computed once more with 64-bit integers, and if the two differ, a line is printed.
The result itself stays NumPy's.
"""

import ast
import itertools
import operator
from collections.abc import Callable
from contextlib import suppress
from types import CodeType
from typing import Any

import numpy as np

WATCH = "\0watch"  # a constant in the tree of a text, in whose place its code gets the Watch
OPERATORS = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Pow: "pow", ast.LShift: "lshift",
             ast.MatMult: "matmul"}
CALLS = {"sum", "prod", "cumsum", "cumprod", "cumulative_sum", "cumulative_prod", "nansum", "nanprod", "nancumsum",
         "nancumprod", "dot", "vdot", "inner", "outer", "matmul", "tensordot", "einsum", "kron", "cross", "trace",
         "convolve", "correlate", "polyval", "diff", "add", "subtract", "multiply", "power", "square", "left_shift",
         "reduce", "accumulate", "astype", "vecdot", "matvec", "vecmat", "matrix_power", "multi_dot", "at"}
DEFAULT = {int, "int", "int_", "intp"}  # dtypes of as many bits as the machine has; in the browser np.intp is np.int32
WORDS = ("line {line}: an integer overflowed 32 bits: {found} here, {wide} with 64 bits. In the browser NumPy's "
         "integers have 32 bits; use dtype=np.int64")
numbers = itertools.count()


def watched(source: str) -> ast.Module | str:
    """The text as a tree whose operations go through a Watch; the text itself if it is not Python."""
    try:
        return ast.fix_missing_locations(Watching(next(numbers)).visit(ast.parse(source)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return source  # compiling it will report the error


def bound(code: CodeType, watch: "Watch") -> CodeType:
    """The code of such a tree with its Watch. It is a constant and not a name, which the text could remove."""
    constants = (bound(each, watch) if isinstance(each, CodeType) else watch if each == WATCH else each
                 for each in code.co_consts)
    return code.replace(co_consts=tuple(constants))


class Watching(ast.NodeTransformer):
    """Rewrites a + b as watch.of("add", number, line, a, b), and x.sum(y) as watch.call(number, line, x.sum, y).

    Each text has its own number.
    """

    def __init__(self, number: int):
        self.number = number

    def _through(self, node: ast.AST, method: str, *args: ast.expr, before: tuple = (), **more: Any) -> ast.Call:
        constants = [ast.Constant(value) for value in (*before, self.number, node.lineno)]
        attribute = ast.Attribute(ast.Constant(WATCH), method, ast.Load())
        return ast.copy_location(ast.Call(attribute, [*constants, *args], more.get("keywords", [])), node)

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        name = OPERATORS.get(type(node.op))
        return self._through(node, "of", node.left, node.right, before=(name,)) if name else node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.stmt:
        self.generic_visit(node)
        name = OPERATORS.get(type(node.op))
        if name and isinstance(node.target, ast.Subscript):
            index, part = (ast.Attribute(ast.Constant(WATCH), each, ast.Load()) for each in ("index", "part"))
            index = ast.Subscript(index, node.target.slice, ast.Load())
            changed = self._through(node, "into", ast.Call(part, [node.target.value, index], []), node.value,
                                    before=(f"i{name}",))
            return ast.copy_location(ast.Expr(changed), node)
        if not name or not isinstance(node.target, ast.Name):
            return node
        old = ast.copy_location(ast.Name(node.target.id, ast.Load()), node.target)
        new = self._through(node, "of", old, node.value, before=(f"i{name}",))
        return ast.copy_location(ast.Assign([node.target], new), node)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        name = getattr(node.func, "attr", getattr(node.func, "id", None))
        return self._through(node, "call", node.func, *node.args, keywords=node.keywords) if name in CALLS else node


class Watch:
    """Does the operations of a text, and prints once per line if 64 bits would give a different number."""

    index = np.s_  # gives an index back as it stands between [ and ]

    def __init__(self, say: Callable[[str], None], muted: Callable[[], bool]):
        self._say, self._muted = say, muted
        self._said: set[tuple[int, int]] = set()

    def of(self, name: str, number: int, line: int, left: Any, right: Any) -> Any:
        """Apply an operator; its name begins with i if it may work in place."""
        compute = getattr(operator, name)
        if not (narrow(left) or narrow(right)):
            return compute(left, right)
        wide = _wide(left), _wide(right)  # before `left` is overwritten
        found = compute(left, right)
        self._compare(number, line, found, compute, wide, {})
        return found

    @staticmethod
    def part(whole: Any, index: Any) -> tuple[Any, Any, Any]:
        """The object, the index, and the item there, read before the other operand is computed, which may change it."""
        return whole, index, whole[index]

    def into(self, name: str, number: int, line: int, part: tuple[Any, Any, Any], value: Any) -> None:
        """Apply an operator with = to an item, as in x[i] += y."""
        whole, index, before = part
        whole[index] = self.of(name, number, line, before, value)

    def call(self, number: int, line: int, function: Callable[..., Any], *args: Any, **named: Any) -> Any:
        """Call a function or an array's method."""
        if isinstance(getattr(function, "__self__", None), np.ufunc) and function.__name__ == "at" and narrow(args[0]):
            return self._at(number, line, function, *args)
        found = function(*args, **named)
        if narrow(found) and "out" not in named:
            own = getattr(function, "__self__", None)
            if isinstance(own, (np.ndarray, np.generic)):
                function = getattr(_wide(own), function.__name__)
            self._compare(number, line, found, function, tuple(map(_wide, args)),
                          {key: _wide(value) for key, value in named.items()})
        return found

    def _at(self, number: int, line: int, function: Callable[..., None], whole: np.ndarray, *args: Any) -> None:
        """Apply a ufunc to items in place, as in np.add.at(x, i, y)."""
        wide = _wide(whole)
        function(whole, *args)

        def again(*values: Any) -> np.ndarray:
            function(wide, args[0], *values)
            return wide

        self._compare(number, line, whole, again, tuple(map(_wide, args[1:])), {})

    def _compare(self, number: int, line: int, found: Any, compute: Callable[..., Any], args: tuple,
                 named: dict[str, Any]) -> None:
        if not narrow(found) or found.dtype.itemsize < 4 or (number, line) in self._said or self._muted():
            return
        with suppress(Exception), np.errstate(all="ignore"):
            wide = np.asarray(compute(*args, **named))
            other = np.flatnonzero(np.asarray(found) != wide)
            if wide.dtype.kind in "iu" and len(other):
                self._said.add((number, line))
                self._say(WORDS.format(line=line, found=np.asarray(found).flat[other[0]], wide=wide.flat[other[0]]))


def narrow(value: Any) -> bool:
    """Whether a value is a NumPy integer array or scalar of at most 32 bits."""
    return isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in "iu" and value.dtype.itemsize <= 4


def _wide(value: Any) -> Any:
    """A value with its integers widened to 64 bits; a dtype that has the machine's bits becomes int64."""
    if isinstance(value, (list, tuple)):
        return type(value)(map(_wide, value)) if any(map(narrow, value)) else value
    if isinstance(value, (type, str)):
        return np.int64 if value in DEFAULT else value
    return value.astype(np.int64) if narrow(value) else value
