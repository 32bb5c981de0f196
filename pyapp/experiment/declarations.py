"""What a page declares, as data that never changes."""

from dataclasses import MISSING, dataclass, fields
from functools import partial
from typing import Any

# Each method that a dataclass gets is compiled when its module is imported, while the reader waits for Python: these
# get none, and share those of `Plain`.
declaration = partial(dataclass, init=False, eq=False, repr=False, match_args=False)


class Plain:
    """A declaration that the shell reads as JSON: what has its default is left out. It never changes.

    Fields are given in their order or by name. TypeError names one that is missing, given twice or not there.
    """

    def __init__(self, *given: Any, **named: Any):
        every = {field.name: field for field in fields(self)}
        places = [name for name, field in every.items() if not field.kw_only]
        ordered = dict(zip(places, given, strict=False))
        lacking = [name for name, field in every.items() if field.default is MISSING and name not in ordered | named]
        wrong = [*lacking, *(ordered.keys() & named), *(named.keys() - every), *map(repr, given[len(places):])]
        if wrong:
            raise TypeError(f"{type(self).__name__}: missing, given twice or not a field: {', '.join(wrong)}")
        vars(self).update(ordered, **named)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{name} is declared and stays")

    def as_dict(self) -> dict[str, Any]:
        return {field.name: plain(getattr(self, field.name)) for field in fields(self)
                if getattr(self, field.name) != field.default}


def plain(value: Any) -> Any:
    if isinstance(value, Plain):
        return value.as_dict()
    return [plain(item) for item in value] if isinstance(value, tuple) else value
