"""The commands of `python -m pyapp`, a file for each kind. Each module has `add(commands)`, which declares its own."""
