"""Measuring networks: accuracy, losses, attention, time."""
