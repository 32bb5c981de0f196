"""Numbers in sentences."""


def counted(n: int, what: str) -> str:
    """A count and what is counted, in the plural unless it is 1: "1 cell", "2,000 cells", "3 classes"."""
    return f"{n:,} {what}{'' if n == 1 else 'es' if what.endswith('s') else 's'}"
