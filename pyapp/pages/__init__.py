"""Pages: one module each, with a class `Page`. A page is discovered by its file; nothing else lists it.

What several pages share is in the folder `base`, which is no page.
"""

import pkgutil
from importlib import import_module

from pyapp.experiment.frame import Experiment


class UnknownPage(ValueError):
    """A page was asked for that does not exist."""


def names() -> list[str]:
    """The names of all pages, in the order of the rail."""
    return sorted(_found(), key=lambda name: (page(name).order, name))


def _found() -> set[str]:
    return {module.name for module in pkgutil.iter_modules(__path__) if not module.ispkg}


def page(name: str) -> type[Experiment]:
    """The page's class. UnknownPage if there is none of that name."""
    if name not in _found():
        raise UnknownPage(f"there is no page {name!r}; there are {', '.join(names())}")
    return import_module(f"{__name__}.{name}").Page


def describe() -> list[dict]:
    """Every page as plain data: what the shell needs to draw the rail and the controls."""
    return [
        {"name": name, "title": page(name).title, "summary": page(name).summary, "view": page(name).view,
         "group": page(name).group,
         "live": [f"{function.__module__}.{function.__name__}" for function in page(name).LIVE],
         "params": [param.as_dict() for param in page(name).PARAMS],
         "groups": page(name).GROUPS, "work": page(name).WORK, "bar": page(name).BAR,
         "files": page(name).FILES,
         "shipped": page(name).SHIPPED, "rests": page(name).background is not Experiment.background,
         "panels": [panel.as_dict() for panel in page(name).PANELS]}
        for name in names()
    ]
