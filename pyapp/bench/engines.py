"""Which engines compute here, and how a workload asks for one: NumPy alone, until there is another."""

import contextlib

try:
    from pyapp.core import engine as engines
except ImportError:
    engines = None


def available() -> tuple[str, ...]:
    """Their names."""
    return engines.available() if engines else ("numpy",)


def using(name: str | None) -> contextlib.AbstractContextManager:
    """Compute with this one in a `with` block, or with the usual one if it is None. ValueError if it is not here."""
    if engines and name:
        return engines.using(name)
    if name not in (None, "numpy"):
        raise ValueError(f"engine is {name!r}; use numpy")
    return contextlib.nullcontext()
