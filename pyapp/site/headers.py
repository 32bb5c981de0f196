"""What a request's headers ask for: a file only if it has changed, a part of it, a packed form."""

import re


def same(headers, tag):
    """Whether If-None-Match names the tag: a list of tags, weak or not, or *."""
    asked = ", ".join(headers)
    return asked.strip() == "*" or tag in re.findall(r'"[^"]*"', asked)


def part(header, size):
    """The bytes that a Range header asks for, as a range that is empty if the file has none of them. None is the whole
    file: without a header, and, as RFC 9110 allows, for several parts, another unit, or what cannot be read."""
    asked = re.fullmatch(r"bytes=(\d*)-(\d*)", (header or "").replace(" ", ""), re.ASCII)
    if not asked or not any(asked.groups()):
        return None
    first, last = (int(number[:20]) if number else None for number in asked.groups())
    if first is None:
        return range(max(0, size - last), size)
    if last is not None and last < first:
        return None
    return range(first, size if last is None else min(last + 1, size))


def accepts(header, coding):
    """Whether Accept-Encoding allows a coding: named, or meant by *, and not with q=0."""
    named = {}
    for item in (header or "").lower().split(","):
        name, _, weight = (piece.strip() for piece in item.partition(";"))
        named[name] = not re.fullmatch(r"q\s*=\s*0(\.0*)?", weight)
    return named.get(coding, named.get("*", False))
