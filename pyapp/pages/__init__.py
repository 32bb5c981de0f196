"""Pages: one module each, with a class `Page`. A page is discovered by its file; nothing else lists it.

What several pages share is in the folder `base`, which is no page. A page's story is Markdown, `<name>.md` beside the
module; web/ui/markdown.js says what it may hold.
"""

import json
import pkgutil
import re
import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from pyapp import later
from pyapp.experiment.frame import BUTTONS, Experiment
from pyapp.experiment.params import Param
from pyapp.pages.base.glossary import TERMS, glossary_of

SOURCES = re.compile(r"^```python source\n(.*?)^```$", re.DOTALL | re.MULTILINE)  # dotted names, one per line


class UnknownPage(ValueError):
    """A page was asked for that does not exist."""


def names() -> list[str]:
    """The names of all pages, in the order of the rail."""
    later.need(later.PAGES)
    return sorted(_found(), key=lambda name: (page(name).order, name))


def _found() -> set[str]:
    return {module.name for module in pkgutil.iter_modules(__path__) if not module.ispkg}


def page(name: str) -> type[Experiment]:
    """The page's class. UnknownPage if there is none of that name."""
    loaded = sys.modules.get(f"{__name__}.{name}")  # asked first: to look at a folder's files takes milliseconds
    if hasattr(loaded, "Page"):
        return loaded.Page
    if name not in _found():
        later.need(later.PAGES)
        raise UnknownPage(f"there is no page {name!r}; there are {', '.join(names())}")
    return import_module(f"{__name__}.{name}").Page


def story(name: str) -> str:
    """The page's story as Markdown; "" if it has none."""
    later.need(later.PAGES)
    path = Path(__file__).with_name(f"{name}.md")
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def sources(name: str) -> list[str]:
    """The dotted names whose source the page's story shows."""
    return [source for block in SOURCES.findall(story(name)) for source in block.split()]


def live(name: str) -> list[str]:
    """The dotted names of the functions that a reader of the page may edit."""
    return [f"{function.__module__}.{function.__name__}" for function in page(name).LIVE]


def shows(source: str) -> bool:
    """Whether a story shows the source of this dotted name, or a reader may edit it. Only pages that are loaded count
    for the latter: to load all others would take seconds in a browser."""
    loaded = (name for name in _found() if f"{__name__}.{name}" in sys.modules)
    return source in _told() or any(source in live(name) for name in loaded)


@cache
def _told() -> frozenset[str]:
    """The dotted names whose source the stories show; no page has to be loaded to find them."""
    return frozenset(source for name in _found() for source in sources(name))


def glossary(name: str) -> dict[str, list[str]]:
    """The words that the page's panels and its story mark, by name: [what it means, the page that shows it, the title
    of that page]; what the page itself shows has its meaning alone."""
    marked = glossary_of(json.dumps([panel.as_dict() for panel in page(name).PANELS]) + story(name))
    terms = {term: TERMS[term] for term in marked}
    return {term: [text, *((at, page(at).title) if at != name else ())] for term, (at, text) in terms.items()}


def described(name: str, param: Param) -> dict:
    """A parameter of the page as plain data, with the condition under which its control is disabled."""
    idle = next((each.as_dict() for each in page(name).IDLE if param.name in each.names), None)
    return param.as_dict() | ({"idle": idle} if idle else {})


def following(name: str) -> list[str]:
    """The next page: [its name, its title, why]; [] if the page names none."""
    return [to := page(name).NEXT[0], page(to).title, page(name).NEXT[1]] if page(name).NEXT else []


def describe() -> list[dict]:
    """Every page as plain data: what the shell needs to draw the rail and the controls."""
    return [
        {"name": name, "title": page(name).title, "summary": page(name).summary, **_place(page(name)),
         "story": bool(story(name)), "live": live(name),
         "params": [described(name, param) for param in page(name).PARAMS],
         "groups": page(name).GROUPS, "work": page(name).WORK, "bar": page(name).BAR,
         "main": page(name).mains(), "run": page(name).RUN and page(name).RUN.as_dict(),
         "files": page(name).FILES, "plays": page(name).PLAYS, "eager": page(name).EAGER,
         "labels": BUTTONS | page(name).LABELS, "saves": page(name).snapshot is not Experiment.snapshot,
         "accepts": page(name).ACCEPTS if page(name).snapshot is not Experiment.snapshot else "",
         "parts": page(name).IN_PARTS,
         "shipped": page(name).SHIPPED, "rests": page(name).background is not Experiment.background,
         "settled": page(name).SETTLED,
         "tour": page(name).TOUR, "recorded": page(name).RECORDED is not None,
         "rehearsed": page(name).REHEARSED is not None,
         "next": following(name), "glossary": glossary(name),
         "panels": [panel.as_dict() for panel in page(name).PANELS]}
        for name in names()
    ]


def _place(page: type[Experiment]) -> dict[str, Any]:
    """The page's entry in the rail, "" if it stands at the foot instead; its tab there, and what the tabs share."""
    own = {param.name for param in page.PARAMS}
    return {"entry": "" if page.entry is None else page.entry or page.title, "tab": page.tab or page.title,
            "shares": {name: param for name, param in page.SHARES.items() if param in own}, "shared": page.SHARED}
