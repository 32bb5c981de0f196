"""Live code: the functions of one run, each of which may be replaced by what a reader writes.

A reader's text runs in the run's own scope, where the other functions find it. It gets copies of its arrays and must
return what the shipped function would: as many results, of the same shapes. Any error in it becomes an EditError with
its line. What cannot be caught from inside (an endless loop, exhausted memory, a patched NumPy) is left to the page,
which ends the worker and opens the run in another. `pulse` tells the page that calls of edited code still return.
"""

import ast
import copy
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from types import FunctionType
from typing import Any

import numpy as np

from pyapp.experiment.live_integers import Watch, bound, watched
from pyapp.experiment.live_scope import MOST_PRINTED, Printed, Scope, cut

PARAM = "code"  # where the page shows such an error
EDITED = "<edited "  # the beginning of the file name that a traceback gives a text


class EditError(ValueError):
    """What is wrong with an edited function: the kind of error, a message, and the line of its text, from 1."""

    param = PARAM

    def __init__(self, function: str, kind: str, message: str, line: int | None = None):
        kind, message = cut(kind), cut(message)
        super().__init__(f"{f'line {line}: ' if line else ''}{kind}: {message}")
        self.function, self.kind, self.message, self.line = function, kind, message, line


class Pulse:
    """Calls `tell` when edited code begins or ends, at most once in EVERY seconds: while it beats, nothing is stuck."""

    EVERY = 0.2

    def __init__(self):
        self.tell: Callable[[], None] = lambda: None
        self._inside, self._last = False, 0.0

    def beat(self) -> None:
        if time.perf_counter() - self._last >= self.EVERY:
            self.tell()
            self._last = time.perf_counter()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Context around a call of edited code. Nested calls do not beat, because they could go on forever."""
        outermost, self._inside = not self._inside, True
        if not outermost:
            yield
            return
        self.beat()
        try:
            yield
        finally:
            self._inside = False
        self.beat()


pulse = Pulse()


class Live:
    """The functions as attributes; `edit` replaces one of them, `reset` restores the shipped one."""

    def __init__(self, functions: Iterable[FunctionType]):
        self.shipped = {function.__name__: function for function in functions}
        self.edits: dict[str, str] = {}  # the texts in force, by function
        self._prints, self._muted = Printed(), False
        self._watch = Watch(self._print, lambda: self._muted)
        self._scope = self._fresh()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_") or name not in self.shipped:
            raise AttributeError(f"there is no live function {name!r}")
        return self._scope[name]

    def check(self, name: str) -> None:
        """ValueError if there is no such function."""
        if name not in self.shipped:
            raise ValueError(f"there is no live function {name!r}; there are {', '.join(self.shipped) or 'none'}")

    def edit(self, name: str, source: str) -> None:
        """Run `source`, which has to define the function `name`. EditError if it cannot be used; then nothing
        changes."""
        self.check(name)
        before = dict(self._scope)
        self._scope.hold(but=name)
        try:
            _run(name, watched(source), self._scope, self._watch)
            if not callable(self._scope.get(name)) or self._scope[name] is before[name]:
                raise EditError(name, "NameError", f"the text does not define {name}: keep its line def {name}(...)")
        except EditError:
            self._scope.become(before)
            raise
        for key in self.shipped:
            if self._scope[key] is not before[key]:
                self._scope[key] = _checked(key, self._scope[key], self.shipped[key], self._scope)
        self._scope.hold()
        self.edits[name] = source

    def reset(self, name: str) -> None:
        """Restore the shipped function; the other edits stay."""
        self.check(name)
        edits = {key: text for key, text in self.edits.items() if key != name}
        self.edits, self._scope = {}, self._fresh()
        for key, text in edits.items():
            self.edit(key, text)

    @contextmanager
    def trial(self) -> Iterator[None]:
        """Undo the edits made in this context if an error ends it."""
        before = self._scope, dict(self.edits)
        try:
            yield
        except BaseException:
            self._scope, self.edits = before
            raise

    def printed(self) -> str:
        """What edited code has printed since the last call."""
        text = self._prints.text
        self._prints = Printed()
        return text

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Context in which printed text is dropped: for pictures that take thousands of calls."""
        self._muted = True
        try:
            yield
        finally:
            self._muted = False

    def _print(self, *values: Any, **how: Any) -> None:
        """What edited code finds as `print`."""
        if not self._muted and self._prints.tell() < MOST_PRINTED:
            print(*values, **{"file": self._prints, **how})

    def _fresh(self) -> Scope:
        """What the shipped functions see around them, with copies of them that see this scope and so the edits."""
        scope = Scope()
        for function in self.shipped.values():
            scope |= function.__globals__
        packages = {_package(function) for function in self.shipped.values()}
        scope |= {"__name__": "edited", "print": self._print}
        for key, value in (scope | self.shipped).items():
            if isinstance(value, FunctionType) and _package(value) in packages:
                scope[key] = FunctionType(value.__code__, scope, value.__name__, value.__defaults__)
            elif isinstance(value, (np.ndarray, list, dict)) and not key.startswith("__"):
                scope[key] = copy.deepcopy(value)  # a text that writes into it changes nobody else's
        return scope


def missing(source: str) -> list[str]:
    """The packages that a text imports and that are not installed; none for a text that is not Python, because running
    it reports that."""
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError):
        return []
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
    return sorted({top for name in names if find_spec(top := name.split(".")[0]) is None})


def file_of(name: str) -> str:
    """The file name under which tracebacks show a function's edited text."""
    return f"{EDITED}{name}>"


def _package(function: FunctionType) -> str:
    return function.__module__.rpartition(".")[0] or function.__module__


def blame(error: BaseException) -> EditError | None:
    """The error as one of the edited text in which it arose, directly or below; None if no edited text was running.

    Every kind counts, including SystemExit and KeyboardInterrupt: here only a text can have raised them.
    """
    if isinstance(error, EditError):
        return error
    places = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    edited = [(file, line) for file, line in places if file.startswith(EDITED)]
    if not edited:
        return None
    file, line = edited[-1]
    return EditError(file.removeprefix(EDITED).removesuffix(">"), *_told(error), line)


def _told(error: BaseException) -> tuple[str, str]:
    """An error's kind and message, even if its class, which a text may define, fails to give them."""
    try:
        return cut(str(type(error).__name__)), cut(str(error)) or "no message"
    except BaseException:
        return "Error", "its message cannot be read"


def _run(name: str, source: ast.Module | str, scope: Scope, watch: Watch) -> None:
    """Compile and run a text; EditError says what is wrong in which line."""
    try:
        code = bound(compile(source, file_of(name), "exec"), watch)
    except SyntaxError as error:
        raise EditError(name, type(error).__name__, error.msg, error.lineno) from None
    except UnicodeEncodeError as error:  # half of an emoji, which a careless copy leaves
        line = source.count("\n", 0, len(error.object[: error.start])) + 1
        half = f"U+{ord(error.object[error.start]):04X}"
        raise EditError(name, "SyntaxError", f"half of a character ({half}) is left here; delete it", line) from None
    except BaseException as error:  # nested too deeply, or no text at all
        raise EditError(name, *_told(error)) from error
    with pulse.watching():
        try:
            with scope:
                exec(code, scope)
        except BaseException as error:
            raise blame(error) or EditError(name, *_told(error), getattr(error, "line", None)) from error


def _checked(name: str, function: Callable[..., Any], shipped: FunctionType, scope: Scope) -> Callable[..., Any]:
    """The edited function as others call it: arguments copied, errors with their line, results like the shipped
    one's."""

    def checked(*args: Any, **named: Any) -> Any:
        expected = shipped(*args, **named)
        with pulse.watching():
            try:
                with scope:
                    found = function(*map(_own, args), **{key: _own(value) for key, value in named.items()})
                    return _like(expected, found, name)  # which may run more of the text: __array__, __len__
            except EditError:  # also of another edited function, which this one has called
                raise
            except BaseException as error:
                raise blame(error) or EditError(name, *_told(error), getattr(error, "line", None)) from error

    return checked


def _own(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else value


def _like(expected: Any, found: Any, name: str) -> Any:
    """`found` as numbers of the shape of `expected`; EditError if it is something else, or nan where that is none."""
    if isinstance(expected, tuple):
        if not isinstance(found, (tuple, list)) or len(found) != len(expected):
            raise EditError(name, "TypeError", f"{name} returned {_words(found)}, expected {len(expected)} results")
        return tuple(_like(each, other, name) for each, other in zip(expected, found, strict=True))
    try:
        array = np.asarray(found)
    except ValueError:  # lists of different lengths
        array = np.array(None)
    if array.dtype.kind not in "biuf" or array.shape != np.shape(expected):
        kind = f" of {array.dtype}" if array.shape == np.shape(expected) and array.shape else ""
        raise EditError(name, "TypeError", f"{name} returned {_words(found)}{kind}, expected {_words(expected)}")
    if np.isnan(array).any() and not np.isnan(expected).any():
        raise EditError(name, "ValueError", f"{name} returned nan, which is not a number: is something divided by 0?")
    return array.astype(np.asarray(expected).dtype)[()]


def _words(value: Any) -> str:
    """A value's type and shape in words, for a reader."""
    if value is None:
        return "nothing (is there a return?)"
    if isinstance(value, tuple):
        return f"{len(value)} results"
    if isinstance(value, (np.ndarray, list)):
        try:
            return f"an array of shape {np.shape(value)}"
        except ValueError:
            return "lists of different lengths"
    return "a number" if isinstance(value, (int, float, np.number)) else f"a {type(value).__name__}"
