"""Softmax in integers: the published methods, one file each, ordered by what they need."""
