"""Parity: the same calls in this runtime and in CPython, and how far their results are apart."""
