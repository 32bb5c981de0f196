"""Numbers in sentences."""


def is_utf8(name: str) -> bool:
    """Whether a name of a file can be written into another file: some hold bytes that are no UTF-8."""
    return name == utf8(name)


def utf8(name: str) -> str:
    """A name with a question mark for each byte that is no UTF-8."""
    return name.encode(errors="replace").decode()


def counted(n: int, what: str) -> str:
    """A count and what is counted, in the plural unless it is 1: "1 cell", "2,000 cells", "3 classes"."""
    return f"{n:,} {what}{'' if n == 1 else 'es' if what.endswith('s') else 's'}"
