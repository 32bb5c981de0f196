"""Quantisation: from real numbers to integer codes with a scale, and back."""
