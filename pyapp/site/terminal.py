"""What the person at the terminal reads: progress, and failures that say what to do."""

import re
import sys

from pyapp.places import NO_SPACE

SAYS_NO_SPACE = re.compile(  # as Python, npm, pip, tar, sqlite and Windows put it
    r"ENOSPC|EDQUOT|Errno 28\b|no space left|not enough (disk )?space|disk (is )?full|quota exceeded|"
    r"no usable temporary directory", re.IGNORECASE)


class Failure(Exception):
    """What went wrong and what to do, for the person at the terminal."""


def disk_is_full(problem):
    """Whether an error, or what a tool printed, means that there is no room on the disk."""
    return getattr(problem, "errno", None) in NO_SPACE or bool(SAYS_NO_SPACE.search(str(problem)))


def clear_line():
    return "\r\x1b[K" if sys.stdout.isatty() else ""


def show(label, done, total):
    """Show progress in bytes and percent: rewritten in place on a terminal, one line per file elsewhere."""
    if sys.stdout.isatty():
        text = f"{clear_line()}  {label[:36]:36} {done:,} of {total:,} bytes {100 * done // total}%"
        print(text, end="\n" if done == total else "", flush=True)
    elif done == total:
        print(f"  {label} ({total:,} bytes)", flush=True)
