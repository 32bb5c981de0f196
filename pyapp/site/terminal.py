"""What the person at the terminal reads: progress, and failures that say what to do."""

import sys


class Failure(Exception):
    """What went wrong and what to do, for the person at the terminal."""


def clear_line():
    return "\r\x1b[K" if sys.stdout.isatty() else ""


def show(label, done, total):
    """Bytes and percent: rewritten in place on a terminal, one line a file elsewhere."""
    if sys.stdout.isatty():
        text = f"{clear_line()}  {label[:36]:36} {done:,} of {total:,} bytes {100 * done // total}%"
        print(text, end="\n" if done == total else "", flush=True)
    elif done == total:
        print(f"  {label} ({total:,} bytes)", flush=True)
