"""A sweep measures every combination of settings, with as many workers as asked for: `run.sweep`."""
