"""Parity: the same calls in this runtime and in CPython, and how far apart their results are."""
