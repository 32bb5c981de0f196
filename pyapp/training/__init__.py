"""Training: the loop, the recipes of the shipped weights, and trainings that can be resumed."""
