"""Bitladder: train, quantise and run small neural networks, with the same numbers in CPython and in Pyodide."""

__version__ = "0.1.0"
