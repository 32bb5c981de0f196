"""Every export of a page, for the comparison of the runtimes."""

from collections.abc import Callable
from typing import Any

from pyapp import pages
from pyapp.hosts import HostError
from pyapp.pages.base.export_buttons import PREFIX


def exports(call: Callable[..., Any], run: int, page: str, exact: bool) -> dict[str, Any]:
    """What each of the page's exports answers; the bytes of its file only if they are `exact`: of a network that
    computes in floats the recorded logits may differ in their last bits."""
    said = {}
    for action in pages.page(page).ACTIONS:
        if action.name.startswith(PREFIX):
            try:
                answer = dict(call("act", run=run, name=action.name))
            except (ValueError, HostError) as error:
                answer = {"refused": str(error)}
            said[action.name] = answer if exact else {key: value for key, value in answer.items() if key != "file"}
    return said
