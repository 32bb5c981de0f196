"""What a person can do on each page, as calls: a file for each page that can do more than `any_page` knows of."""

import importlib
import importlib.util
from collections.abc import Callable
from typing import Any

from parity.sessions import any_page


def run(call: Callable[..., Any], page: str) -> dict[str, Any]:
    """All that the page's calls answer, by a name for each."""
    name = f"{__name__}.{page}"
    if importlib.util.find_spec(name):
        return importlib.import_module(name).session(call)
    return any_page.session(call, page)
